// What the dialogs of all transformations do alike. Connect shows such a page while a transformation is edited:
//
//   config            from Connect: { settings, columns: { input, output }, context: { available_columns } }
//   save              from Connect: its Save button was pressed
//   save              to Connect: { data: { settings, columns, overview }, status: 'ok' }
//   validation-error  to Connect: what is wrong; nothing is saved
import { call, joinPortal, make, show, tell } from '../common/page.js';

/**
 * Be the dialog of a transformation.
 *
 * @param {object} dialog
 * @param {string} dialog.method name of the transformation's method; `POST /api/validate/{method}` checks its settings.
 * @param {function(object): void} dialog.fill writes Connect's configuration into the form.
 * @param {function(): object} dialog.read reads `{ settings, columns }` from the form.
 */
export const runDialog = async ({ method, fill, read }) => {
  const form = document.querySelector('form');
  form.addEventListener('submit', (event) => event.preventDefault());
  const portal = await joinPortal();

  portal.listen('config', (config) => {
    fill(config);
    show(form);
    tell('');
  });

  portal.listen('save', async () => {
    if (!form.reportValidity()) {
      portal.emit('validation-error', 'Some fields have no value, or one that will not do.');
      return;
    }
    try {
      const draft = read();
      const { overview } = await call(`validate/${method}`, { method: 'POST', body: draft });
      tell('');
      portal.emit('save', { data: { ...draft, overview }, status: 'ok' });
    } catch (error) {
      tell(error.message, { error: true });
      portal.emit('validation-error', error.message);
    }
  });
};

/** The choices of a list of columns; `chosen` is the name of the selected one. */
export const columnChoices = (columns, chosen) =>
  columns.map((column) => make('option', { value: column.name, selected: column.name === chosen }, column.name));

/** The column of this name. */
export const columnNamed = (columns, name) => columns.find((column) => column.name === name);
