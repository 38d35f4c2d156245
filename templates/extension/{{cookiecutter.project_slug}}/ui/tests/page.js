// What the tests share: a page as it is in its HTML file, the portal around it, and the API below it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { vi } from 'vitest';

/** Open a page: its body in the document, its address in the address bar. */
export const openPage = (name) => {
  window.history.replaceState(null, '', `/static/${name}`);
  const html = readFileSync(resolve(import.meta.dirname, '..', name), 'utf8');
  document.body.innerHTML = /<body>(.*)<\/body>/s.exec(html)[1];
};

/** A portal in place of the toolkit's: `tell` what the page listens to; what the page emitted is in `emitted`. */
export const makePortal = () => {
  const listeners = {};
  const emitted = [];
  return {
    emitted,
    emit: (name, data) => emitted.push([name, data]),
    listen: (name, listener) => {
      listeners[name] = listener;
    },
    navigateTo: (route) => emitted.push(['navigate-to', route]),
    tell: (name, data) => listeners[name](data),
  };
};

/**
 * Answer the calls of the page: `answerCalls({ 'GET /api/settings': { marketplaces: [] } })`. A `Response` is given
 * as it is. Returns the calls that were made, with their bodies.
 */
export const answerCalls = (answers) => {
  const calls = [];
  vi.stubGlobal('fetch', async (address, { method, body }) => {
    const call = `${method} ${address}`;
    calls.push(body ? [call, JSON.parse(body)] : [call]);
    if (!(call in answers)) throw new Error(`nobody expected ${call}`);
    const answer = answers[call];
    return answer instanceof Response ? answer : Response.json(answer);
  });
  return calls;
};

/** The message that people see, and whether it is read out as an error. */
export const message = () => {
  const place = document.getElementById('message');
  return { text: place.textContent, error: place.getAttribute('role') === 'alert' };
};
