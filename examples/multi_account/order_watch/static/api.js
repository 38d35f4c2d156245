// Calls of the extension's own API. Addresses are relative: on the platform the extension has a host of its own,
// locally it is a folder of the platform's.
"use strict";

async function call(path, options = {}) {
  const answer = await fetch(`../api/${path}`, {
    ...options,
    headers: { "Content-Type": "application/json" },
  });
  if (!answer.ok) {
    const error = await answer.json().catch(() => ({}));
    const details = Array.isArray(error.detail)
      ? error.detail.map((item) => `${item.loc.at(-1)}: ${item.msg}`)
      : error.errors ?? [answer.statusText];
    throw new Error(details.join("; "));
  }
  return answer.json();
}

function say(text) {
  document.querySelector("[role=status]").textContent = text;
}
