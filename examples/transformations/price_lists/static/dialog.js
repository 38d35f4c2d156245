// Both dialogs. The Connect portal shows them in an iframe and talks with them by messages, each with the iframe's name as $id:
//
//   to the portal     $created, $mounted     the page is there
//   from the portal   config                 { settings, columns, context: { available_columns } }
//   from the portal   save                   its Save button was pressed
//   to the portal     save                   { data: { settings, columns, overview }, status: "ok" }
//   to the portal     validation-error       what is wrong; nothing is saved
//
// Most extensions leave this to the Connect UI toolkit; these few lines show what it does.
"use strict";

const slot = window.name;
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
let columns = [];

function emit(name, argument = true) {
  window.top.postMessage({ $id: slot, events: { [name]: argument } }, "*");
}

// The extension's own API checks what was entered with the model that the rows use, and describes it in a sentence.
async function describe(settings) {
  const answer = await fetch(`../api/${form.dataset.transformation}/overview`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(settings),
  });
  const body = await answer.json();
  if (answer.ok) return body.overview;
  const details = Array.isArray(body.detail) ? body.detail.map((item) => `${item.loc.at(-1)}: ${item.msg}`) : body.errors;
  throw new Error((details ?? [answer.statusText]).join("; "));
}

async function save() {
  const settings = Object.fromEntries(new FormData(form));
  try {
    const overview = await describe(settings);
    status.textContent = overview;
    // The rows keep all their columns.
    emit("save", { data: { settings, columns: { input: columns, output: columns }, overview }, status: "ok" });
  } catch (error) {
    status.textContent = error.message;
    emit("validation-error", error.message);
  }
}

const receivers = {
  $init() {},
  config({ settings, context }) {
    columns = context.available_columns;
    for (const [name, value] of Object.entries(settings ?? {})) {
      if (form.elements[name]) form.elements[name].value = value;
    }
  },
  save,
};

window.addEventListener("message", ({ source, data }) => {
  if (source !== window.top || data?.$id !== slot) return;
  for (const [name, argument] of Object.entries(data.events ?? {})) {
    if (Object.hasOwn(receivers, name)) receivers[name](argument);
  }
});

// Beside Save: looks what would be saved, and saves nothing.
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    status.textContent = await describe(Object.fromEntries(new FormData(form)));
  } catch (error) {
    status.textContent = error.message;
  }
});

emit("$created");
emit("$mounted");
