"use strict";

function show(orders) {
  const rows = orders.map((order) => {
    const row = document.createElement("tr");
    row.classList.toggle("large", order.large);
    for (const value of [order.id, order.status, order.pieces]) {
      row.insertCell().textContent = value;
    }
    return row;
  });
  document.querySelector("tbody").replaceChildren(...rows);
  if (!rows.length) say("There are no orders yet.");
}

call("orders").then(show, (error) => say(error.message));
