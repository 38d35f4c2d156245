// The dialog of a transformation that people do: what they have to do, and in which columns.
import { make } from '../common/page.js';
import { columnNamed, runDialog } from './dialog.js';

let columns = [];

const inputs = () => document.getElementById('inputs');

export const fill = ({ settings, columns: chosen, context }) => {
  columns = context.available_columns;
  const names = (chosen?.input ?? []).map((column) => column.name);
  inputs().replaceChildren(
    ...columns.map((column) =>
      make(
        'label',
        { className: 'line' },
        make('input', { type: 'checkbox', value: column.name, checked: names.includes(column.name) }),
        column.name,
      ),
    ),
  );
  document.getElementById('instructions').value = settings?.instructions ?? '';
  document.getElementById('output').value = chosen?.output?.[0]?.name ?? '';
};

export const read = () => ({
  settings: { instructions: document.getElementById('instructions').value.trim() },
  columns: {
    input: [...inputs().querySelectorAll('input:checked')].map((box) => columnNamed(columns, box.value)),
    output: [{ name: document.getElementById('output').value.trim(), type: 'string', description: '' }],
  },
});

export const start = () => runDialog({ method: 'by_hand', fill, read });
