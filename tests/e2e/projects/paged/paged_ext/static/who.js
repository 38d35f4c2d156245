"use strict";
async function show(id, address, options) {
  const answer = await fetch(address, options);
  document.getElementById(id).textContent = `${answer.status} ${await answer.text()}`;
}
show("who", "/api/who");
show("accounts", "/public/v1/accounts");
document.querySelector("button").onclick = () => show("mark", "/api/mark", { method: "POST" });
