// What every dialog promises, whatever it edits. A test names its dialog, and says what it is given and what it saves.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerCalls, makePortal, message, openPage } from '../page.js';

export const columns = [
  { id: 'TFC-1', name: 'asset', type: 'string' },
  { id: 'TFC-2', name: 'price', type: 'decimal' },
];

/** What Connect tells a dialog of a transformation that is new. */
export const empty = { settings: null, columns: { input: [], output: [] }, context: { available_columns: columns } };

/** What Connect tells the dialog of one that was saved before. */
export const edited = (settings, chosen = {}) => ({ ...empty, settings, columns: { ...empty.columns, ...chosen } });

/** The portal around the page that is open; a new one for each test. */
export let portal;

/** Open the page of a dialog and start its script. */
export const openDialog = async (page, dialog) => {
  portal = makePortal();
  openPage(`transformations/${page}.html`);
  await dialog.start();
};

/** Test a dialog: `config` is what it edits, `saved` what it sends to the endpoint of `method`. */
export const testDialog = ({ page, dialog, method, config, saved }) => {
  describe(`the dialog ${page}`, () => {
    beforeEach(() => openDialog(page, dialog));
    afterEach(() => vi.unstubAllGlobals());

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
};
