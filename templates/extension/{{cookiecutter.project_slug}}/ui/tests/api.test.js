import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addressOf, ApiError, call } from '../src/common/api.js';
import { answerCalls } from './page.js';

const failure = (status, body) => answerCalls({ 'GET /api/things': new Response(body, { status }) });
const problems = async () => (await call('things').catch((error) => error)).problems;

beforeEach(() => window.history.replaceState(null, '', '/static/index.html'));
afterEach(() => vi.unstubAllGlobals());

describe('addressOf', () => {
  it.each([
    ['/static/index.html', '/api/things'],
    ['/static/transformations/manual.html', '/api/things'],
    ['/some/where/static/index.html', '/some/where/api/things'],
  ])('of the page %s is beside it', (page, address) => expect(addressOf('things', page)).toBe(address));
});

describe('call', () => {
  it('returns what the endpoint answered', async () => {
    const calls = answerCalls({ 'PUT /api/things': { saved: true } });
    expect(await call('things', { method: 'PUT', body: { name: 'new' } })).toEqual({ saved: true });
    expect(calls).toEqual([['PUT /api/things', { name: 'new' }]]);
  });

  it('names the fields that are wrong', async () => {
    const detail = [
      { loc: ['body', 'copies', 0, 'target'], msg: 'Too short' },
      { loc: ['body'], msg: 'Value error, two copies have one name' },
    ];
    failure(422, JSON.stringify({ detail }));
    expect(await problems()).toEqual(['copies.0.target: Too short.', 'Request: two copies have one name.']);
  });

  it('tells what the Connect API said', async () => {
    failure(502, JSON.stringify({ detail: 'Connect refused.', errors: ['No such asset.'] }));
    expect(await problems()).toEqual(['Connect refused.', 'No such asset.']);
  });

  it.each(['<html>Bad gateway</html>', '', '{}', 'null'])('survives the answer %j', async (body) => {
    failure(502, body);
    expect(await problems()).toEqual(['The extension answered with status 502.']);
  });

  it('tells when nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    const error = await call('things').catch((reason) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 0, message: expect.stringContaining('cannot be reached') });
  });
});
