import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as copyColumns from '../../src/transformations/copy_columns.js';
import * as lookup from '../../src/transformations/lookup_subscription.js';
import * as manual from '../../src/transformations/manual.js';
import { answerCalls, makePortal, message, openPage } from '../page.js';

let portal;
vi.mock('@cloudblueconnect/connect-ui-toolkit', () => ({
  default: vi.fn(async () => portal),
  Card: {},
  Icon: {},
  connectPortalRoutes: {},
}));

const columns = [
  { id: 'TFC-1', name: 'asset', type: 'string' },
  { id: 'TFC-2', name: 'price', type: 'decimal' },
];
const empty = { settings: null, columns: { input: [], output: [] }, context: { available_columns: columns } };
const edited = (settings, chosen = {}) => ({ ...empty, settings, columns: { ...empty.columns, ...chosen } });

const dialogs = [
  {
    page: 'copy_columns',
    dialog: copyColumns,
    method: 'copy_columns',
    config: edited({ copies: [{ source: 'price', target: 'Price again' }], keep_styles: true }),
    saved: {
      settings: { copies: [{ source: 'price', target: 'Price again' }], keep_styles: true },
      columns: {
        input: [columns[1]],
        output: [{ name: 'Price again', type: 'decimal', description: 'Copy of price' }],
      },
    },
  },
  {
    page: 'lookup_subscription',
    dialog: lookup,
    method: 'lookup_subscription',
    config: edited({ column: 'asset', field: 'status', output: 'State', must_exist: false }),
    saved: {
      settings: { column: 'asset', field: 'status', output: 'State', must_exist: false },
      columns: {
        input: [columns[0]],
        output: [{ name: 'State', type: 'string', description: 'Status of the subscription', nullable: true }],
      },
    },
  },
  {
    page: 'manual',
    dialog: manual,
    method: 'by_hand',
    config: edited({ instructions: 'Look it up.' }, { input: [columns[0]], output: [{ name: 'Answer' }] }),
    saved: {
      settings: { instructions: 'Look it up.' },
      columns: { input: [columns[0]], output: [{ name: 'Answer', type: 'string', description: '' }] },
    },
  },
];

beforeEach(() => {
  portal = makePortal();
});
afterEach(() => vi.unstubAllGlobals());

describe.each(dialogs)('the dialog $page', ({ page, dialog, method, config, saved }) => {
  beforeEach(async () => {
    openPage(`transformations/${page}.html`);
    await dialog.start();
  });

  it('is hidden until Connect says what to edit', () => {
    expect(document.querySelector('form').hidden).toBe(true);
    portal.tell('config', config);
    expect(document.querySelector('form').hidden).toBe(false);
    expect(message().text).toBe('');
  });

  it('gives back what it was given, with an overview', async () => {
    const calls = answerCalls({ [`POST /api/validate/${method}`]: { overview: 'What it does.' } });
    portal.tell('config', config);
    await portal.tell('save');
    expect(calls).toEqual([[`POST /api/validate/${method}`, saved]]);
    expect(portal.emitted).toEqual([['save', { data: { ...saved, overview: 'What it does.' }, status: 'ok' }]]);
  });

  it('saves nothing that the extension refuses', async () => {
    answerCalls({ [`POST /api/validate/${method}`]: Response.json({ detail: 'That will not do.' }, { status: 422 }) });
    portal.tell('config', config);
    await portal.tell('save');
    expect(portal.emitted).toEqual([['validation-error', 'That will not do.']]);
    expect(message()).toEqual({ text: 'That will not do.', error: true });
  });

  it('asks nobody while a field is empty', async () => {
    const calls = answerCalls({});
    portal.tell('config', empty);
    await portal.tell('save');
    expect(calls).toEqual([]);
    expect(portal.emitted.map(([name]) => name)).toEqual(['validation-error']);
  });
});

describe('the list of columns to copy', () => {
  beforeEach(async () => {
    openPage('transformations/copy_columns.html');
    await copyColumns.start();
    portal.tell('config', empty);
  });

  it('grows and shrinks', () => {
    document.getElementById('add').click();
    expect(document.querySelectorAll('#copies li')).toHaveLength(2);
    document.querySelector('#copies button').click();
    expect(document.querySelectorAll('#copies li')).toHaveLength(1);
  });

  it('names a column once that is copied twice', () => {
    document.getElementById('add').click();
    document.querySelectorAll('[name=target]').forEach((input, index) => {
      input.value = `Copy ${index}`;
    });
    const { columns: chosen } = copyColumns.read();
    expect(chosen.input).toEqual([columns[0]]);
    expect(chosen.output.map((column) => column.name)).toEqual(['Copy 0', 'Copy 1']);
  });
});
