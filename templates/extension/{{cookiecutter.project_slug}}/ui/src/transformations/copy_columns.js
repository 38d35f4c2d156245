// The dialog of "Copy columns": a list of pairs, an existing column and the name of its copy.
import { make } from '../common/page.js';
import { columnChoices, columnNamed, runDialog } from './dialog.js';

let columns = [];

const list = () => document.getElementById('copies');

const pair = ({ source, target } = {}) => {
  const item = make('li', { className: 'pair' });
  const remove = make('button', { type: 'button', className: 'secondary' }, 'Remove');
  remove.addEventListener('click', () => {
    item.remove();
    document.getElementById('add').focus();
  });
  item.append(
    make('label', {}, 'Column ', make('select', { name: 'source', required: true }, ...columnChoices(columns, source))),
    make('label', {}, 'Copy ', make('input', { name: 'target', required: true, maxLength: 100, value: target ?? '' })),
    remove,
  );
  return item;
};

export const fill = ({ settings, context }) => {
  columns = context.available_columns;
  const copies = settings?.copies?.length ? settings.copies : [{}];
  list().replaceChildren(...copies.map(pair));
  document.getElementById('keep_styles').checked = settings?.keep_styles ?? false;
};

export const read = () => {
  const copies = [...list().children].map((item) => ({
    source: item.querySelector('[name=source]').value,
    target: item.querySelector('[name=target]').value.trim(),
  }));
  const sources = [...new Set(copies.map(({ source }) => source))];
  return {
    settings: { copies, keep_styles: document.getElementById('keep_styles').checked },
    columns: {
      input: sources.map((name) => columnNamed(columns, name)),
      output: copies.map(({ source, target }) => ({
        name: target,
        type: columnNamed(columns, source).type,
        description: `Copy of ${source}`,
      })),
    },
  };
};

export const start = () => {
  document.getElementById('add').addEventListener('click', () => {
    const item = pair();
    list().append(item);
    item.querySelector('select').focus();
  });
  return runDialog({ method: 'copy_columns', fill, read });
};
