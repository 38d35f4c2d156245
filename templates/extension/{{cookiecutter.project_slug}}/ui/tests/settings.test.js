import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { start } from '../src/settings.js';
import { answerCalls, makePortal, message, openPage } from './page.js';

vi.mock('@cloudblueconnect/connect-ui-toolkit', () => ({
  default: vi.fn(async () => makePortal()),
  Card: {},
  Icon: {},
  connectPortalRoutes: {},
}));

const loaded = {
  'GET /api/marketplaces': [
    { id: 'MP-1', name: 'North', icon: null },
    { id: 'MP-2', name: 'South', icon: null },
  ],
  'GET /api/settings': { marketplaces: ['MP-2'] },
};
const boxes = () => [...document.querySelectorAll('[name=marketplaces]')];
const save = () => document.querySelector('form').dispatchEvent(new Event('submit', { cancelable: true }));

beforeEach(() => openPage('settings.html'));
afterEach(() => vi.unstubAllGlobals());

describe('the settings', () => {
  it('show what was chosen', async () => {
    answerCalls(loaded);
    await start();
    expect(boxes().map((box) => [box.value, box.checked])).toEqual([
      ['MP-1', false],
      ['MP-2', true],
    ]);
    expect(document.querySelector('form').hidden).toBe(false);
  });

  it('are saved', async () => {
    const calls = answerCalls({ ...loaded, 'PUT /api/settings': { marketplaces: ['MP-1', 'MP-2'] } });
    await start();
    boxes()[0].checked = true;
    save();
    await vi.waitFor(() => expect(message()).toEqual({ text: 'Saved.', error: false }));
    expect(calls.at(-1)).toEqual(['PUT /api/settings', { marketplaces: ['MP-1', 'MP-2'] }]);
    expect(document.querySelector('button').disabled).toBe(false);
  });

  it('that are refused stay on the page, with what is wrong', async () => {
    const refusal = Response.json({ detail: 'There is no marketplace MP-2.' }, { status: 422 });
    answerCalls({ ...loaded, 'PUT /api/settings': refusal });
    await start();
    save();
    await vi.waitFor(() => expect(message().error).toBe(true));
    expect(message().text).toBe('Not saved. There is no marketplace MP-2.');
    expect(boxes()[1].checked).toBe(true);
  });

  it('say so when there is nothing to choose', async () => {
    answerCalls({ ...loaded, 'GET /api/marketplaces': [] });
    await start();
    expect(message()).toEqual({ text: 'Your account has no marketplaces.', error: false });
  });

  it('cannot be changed when they could not be loaded', async () => {
    answerCalls({ ...loaded, 'GET /api/settings': new Response('', { status: 502 }) });
    await start();
    expect(document.querySelector('form').hidden).toBe(true);
    expect(message().error).toBe(true);
  });
});
