"use strict";

const form = document.querySelector("form");

function show(settings) {
  form.enabled.checked = settings.enabled;
  form.large_from.value = settings.large_from;
  form.note.value = settings.note;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const settings = {
    enabled: form.enabled.checked,
    large_from: form.large_from.valueAsNumber,
    note: form.note.value,
  };
  try {
    show(await call("settings", { method: "PUT", body: JSON.stringify(settings) }));
    say("Saved.");
  } catch (error) {
    say(`Not saved. ${error.message}`);
  }
});

call("settings").then(show, (error) => say(error.message));
