// The dialog of "Look subscriptions up": where the ids are, what to write, and into which column.
import { columnChoices, columnNamed, runDialog } from './dialog.js';

let columns = [];

const field = (name) => document.getElementById(name);

export const fill = ({ settings, context }) => {
  columns = context.available_columns;
  field('column').replaceChildren(...columnChoices(columns, settings?.column));
  field('field').value = settings?.field ?? 'external_id';
  field('output').value = settings?.output ?? '';
  field('must_exist').checked = settings?.must_exist ?? true;
};

export const read = () => {
  const settings = {
    column: field('column').value,
    field: field('field').value,
    output: field('output').value.trim(),
    must_exist: field('must_exist').checked,
  };
  const what = field('field').selectedOptions[0].textContent.trim();
  return {
    settings,
    columns: {
      input: [columnNamed(columns, settings.column)],
      output: [{ name: settings.output, type: 'string', description: `${what} of the subscription`, nullable: true }],
    },
  };
};

export const start = () => runDialog({ method: 'lookup_subscription', fill, read });
