// Calls of the extension's own API, which lives beside its pages on the same host: pages below /static/, the API below /api/.

/** An answer other than success. `problems` has one sentence for each thing that is wrong. */
export class ApiError extends Error {
  constructor(status, problems) {
    super(problems.join(' '));
    this.name = 'ApiError';
    this.status = status;
    this.problems = problems;
  }
}

// What FastAPI and webapp.py answer: a list of faulty fields, or one sentence with the errors of the Connect API.
const problemsOf = (status, body) => {
  if (Array.isArray(body?.detail)) {
    return body.detail.map(({ loc, msg }) => {
      const field = loc.slice(1).join('.') || 'Request';
      return `${field}: ${msg.replace('Value error, ', '')}.`;
    });
  }
  const said = [body?.detail, ...(body?.errors ?? [])].filter((text) => typeof text === 'string' && text);
  return said.length ? said : [`The extension answered with status ${status}.`];
};

/** The address of an endpoint. It is made from the page's, for the extension need not be at the root of its host. */
export const addressOf = (endpoint, page = window.location.pathname) => `${page.split('/static/')[0]}/api/${endpoint}`;

/**
 * Call an endpoint, for example `call('settings', { method: 'PUT', body: {…} })`, and return its answer.
 *
 * @throws {ApiError} with status 0 when nobody answered.
 */
export const call = async (endpoint, { method = 'GET', body } = {}) => {
  let answer;
  try {
    answer = await fetch(addressOf(endpoint), {
      method,
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, ['The extension cannot be reached. Is it running?']);
  }
  const content = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, problemsOf(answer.status, content));
  return content;
};
