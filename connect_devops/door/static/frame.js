// The portal's side of the messages between it and a page made with the Connect UI toolkit (its release 31).
//
// Every message names the slot, which is the iframe's name, and carries either data or events:
//   page to portal    {$id, events: {$created | $mounted | $size | navigate-to | save | ...: argument}}, {$id, data}
//   portal to page    {$id, events: {$init: state}}, then for a transformation's dialog {config}, and {save} on Save
// A dialog answers save with {save: {data: {settings, columns, overview}, status: "ok"}} or with validation-error.
"use strict";

const setup = JSON.parse(document.body.dataset.setup);
const find = (selector) => document.querySelector(selector);
const frame = find("iframe");
let kept = setup.kept;

function note(direction, name, value) {
  const item = document.createElement("li");
  item.textContent = `${direction} ${name} ${value === undefined ? "" : JSON.stringify(value)}`.slice(0, 2000);
  find("#messages ol").append(item);
  find("#messages summary span").textContent = find("#messages ol").childElementCount;
}

function say(text) {
  find("#notice").textContent = text;
  find("#notice").hidden = false;
}

function send(name, argument) {
  frame.contentWindow.postMessage({ $id: frame.name, events: { [name]: argument } }, setup.origin);
  if (name !== "$init") note("→", name, argument);
}

function configuration() {
  return {
    context: { available_columns: setup.columns, stream: { id: "STR-0000-0000-0000", type: "billing" } },
    columns: { input: [], output: [] },
    settings: null,
    overview: "",
    ...kept,
  };
}

function openDialog({ title = "", description = "" } = {}) {
  const dialog = find("dialog");
  find("dialog h2").textContent = title;
  find("dialog p").textContent = description;
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue === "confirmed" && send("dialog:confirmed", true);
  dialog.showModal();
}

function fail(problem) {
  const text = typeof problem === "string" ? problem : problem?.message ?? JSON.stringify(problem);
  if (setup.method) find("#problem").textContent = text;
  else say(text);
}

// The platform keeps what was saved for the next request of this transformation.
async function keep(data) {
  const answer = await fetch(`/-/choices/${encodeURIComponent(setup.method)}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data ?? null),
  });
  if (!answer.ok) throw new Error((await answer.json()).errors.join(" "));
  kept = data;
}

let isMounted = false;

const receivers = {
  $mounted() {
    isMounted = true;
    find("#save")?.removeAttribute("disabled");
    if (setup.method) find("#problem").textContent = "";
    send("$init", setup.state);
    if (setup.method) send("config", configuration());
  },
  $size({ height } = {}) {
    if (height > 0) frame.style.minHeight = `${Math.ceil(height)}px`;
  },
  "navigate-to": (route) => say(`The page leads to ${JSON.stringify(route)}, which belongs to the platform's portal.`),
  openDialog,
  "validation-error": fail,
  async save(result) {
    if (!setup.method) return;
    if (result?.status !== "ok") {
      fail(result?.data ?? "The page did not save.");
      return;
    }
    try {
      await keep(result.data);
    } catch (error) {
      fail(`Not saved. ${error.message}`);
      return;
    }
    find("#problem").textContent = "";
    find("#saved pre").textContent = JSON.stringify(result.data, null, 2);
    find("#saved").hidden = false;
  },
};

window.addEventListener("message", ({ source, origin, data }) => {
  if (!frame || source !== frame.contentWindow || origin !== setup.origin || !data || data.$id !== frame.name) return;
  for (const [name, argument] of Object.entries(data.events ?? {})) {
    if (name !== "$size") note("←", name, argument);
    if (Object.hasOwn(receivers, name)) receivers[name](argument);
  }
  if (data.data) note("←", "data", data.data);
});

// The scripts of a page have run when it is loaded.
frame?.addEventListener("load", () => {
  if (!setup.method || isMounted) return;
  find("#save").disabled = true;
  find("#problem").textContent = "This page does not speak with the portal (no $mounted), so nobody can save it.";
});
find("#save")?.addEventListener("click", () => {
  find("#problem").textContent = "";
  send("save", true);
});
find("#cancel")?.addEventListener("click", () => location.reload());
find("header select").addEventListener("change", ({ target }) => target.form.submit());

// All tabs of a browser share the session of the extension's host, as they share the one of the portal on the platform.
const tabs = new BroadcastChannel("seen as");
tabs.postMessage(setup.as);
tabs.onmessage = ({ data }) => {
  if (data !== setup.as) say("Another tab shows this extension to another account; reload this one before you go on.");
};

// Only now: a page that is there before its frame listens would introduce itself to nobody.
if (frame) frame.src = frame.dataset.source;
