// Both dialogs: sends what was entered to the extension's own API and shows its sentence, or what is wrong.
"use strict";

const form = document.querySelector("form");
const status = document.querySelector("[role=status]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const settings = Object.fromEntries(new FormData(form));
  const answer = await fetch(`../api/${form.dataset.transformation}/overview`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(settings),
  });
  const body = await answer.json();
  const details = Array.isArray(body.detail) ? body.detail.map((item) => `${item.loc.at(-1)}: ${item.msg}`) : body.errors;
  status.textContent = answer.ok ? body.overview : (details ?? [answer.statusText]).join("; ");
});
