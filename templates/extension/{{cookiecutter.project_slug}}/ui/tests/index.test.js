import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { start } from '../src/index.js';
import { answerCalls, makePortal, message, openPage } from './page.js';

const portal = makePortal();
vi.mock('@cloudblueconnect/connect-ui-toolkit', () => ({
  default: vi.fn(async () => portal),
  Card: {},
  Icon: {},
  connectPortalRoutes: { subscriptions: 'the subscriptions' },
}));

const chart = [
  { marketplace: { id: 'MP-1', name: 'North', icon: 'https://example.org/north.png' }, subscriptions: 4 },
  { marketplace: { id: 'MP-2', name: '<b>South</b>', icon: null }, subscriptions: 1 },
];

beforeEach(() => openPage('index.html'));
afterEach(() => vi.unstubAllGlobals());

describe('the page of the module', () => {
  it('shows a bar for each marketplace', async () => {
    answerCalls({ 'GET /api/chart': chart });
    await start();
    const rows = [...document.querySelectorAll('tbody tr')];
    expect(rows.map((row) => row.textContent)).toEqual(['North4', '<b>South</b>1']);
    expect(rows.map((row) => row.querySelector('.bar div').style.width)).toEqual(['100%', '25%']);
    expect(document.querySelector('table').hidden).toBe(false);
    expect(message().text).toBe('');
  });

  it('draws no bar where there is nothing', async () => {
    answerCalls({ 'GET /api/chart': chart.map((bar) => ({ ...bar, subscriptions: 0 })) });
    await start();
    expect([...document.querySelectorAll('tbody .number')].map((cell) => cell.textContent)).toEqual(['0', '0']);
    expect(document.querySelector('.bar div')).toBeNull();
  });

  it('replaces a picture that is broken', async () => {
    answerCalls({ 'GET /api/chart': chart });
    await start();
    document.querySelector('img').dispatchEvent(new Event('error'));
    expect(document.querySelector('img')).toBeNull();
    expect(document.querySelectorAll('ui-icon')).toHaveLength(2);
  });

  it('says so when there is nothing to show', async () => {
    answerCalls({ 'GET /api/chart': [] });
    await start();
    expect(message()).toEqual({ text: 'Your account has no marketplaces.', error: false });
    expect(document.querySelector('table').hidden).toBe(true);
  });

  it('tells what went wrong', async () => {
    answerCalls({ 'GET /api/chart': Response.json({ detail: 'Connect did not answer.' }, { status: 502 }) });
    await start();
    expect(message()).toEqual({ text: 'Connect did not answer.', error: true });
  });

  it('leads to the subscriptions in the portal', async () => {
    answerCalls({ 'GET /api/chart': chart });
    await start();
    const button = document.getElementById('subscriptions');
    await vi.waitFor(() => expect(button.hidden).toBe(false));
    button.click();
    expect(portal.emitted).toContainEqual(['navigate-to', 'the subscriptions']);
  });
});
