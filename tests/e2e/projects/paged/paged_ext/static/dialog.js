// What pages do that are made with the Connect UI toolkit 31, without its eight megabytes of widgets.
"use strict";
const slot = window.name;
const listeners = {};
let columns = [];

function emit(name, value = true) {
  window.top.postMessage({ $id: slot, events: { [name]: value } }, "*");
}

window.addEventListener("message", ({ data }) => {
  if (data?.$id !== slot) return;
  for (const [name, value] of Object.entries(data.events ?? {})) listeners[name]?.(value);
});

listeners.$init = (state) => {
  document.getElementById("account").textContent = state.account.name;
  emit("$size", { width: 300, height: 700 });
};
listeners.config = ({ context, settings }) => {
  columns = context.available_columns;
  document.getElementById("columns").textContent = columns.map((column) => column.name).join(" ");
  if (settings) document.getElementById("rate").value = settings.rate;
};
listeners.save = async () => {
  const rate = Number(document.getElementById("rate").value);
  if (!rate) {
    emit("validation-error", "The rate must be a number.");
    return;
  }
  const answer = await fetch("/api/check", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ rate }),
  });
  const { overview } = await answer.json();
  const input = columns.filter((column) => column.name === "price");
  emit("save", { data: { settings: { rate }, columns: { input, output: input }, overview }, status: "ok" });
};
emit("$created");
emit("$mounted");
