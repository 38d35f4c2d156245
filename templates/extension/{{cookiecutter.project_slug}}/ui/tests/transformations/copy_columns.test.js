import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as dialog from '../../src/transformations/copy_columns.js';
import { columns, edited, empty, openDialog, portal, testDialog } from './dialog.js';

vi.mock('@cloudblueconnect/connect-ui-toolkit', () => ({
  default: vi.fn(async () => portal),
  Card: {},
  Icon: {},
  connectPortalRoutes: {},
}));

const settings = { copies: [{ source: 'price', target: 'Price again' }], keep_styles: true };

testDialog({
  page: 'copy_columns',
  dialog,
  method: 'copy_columns',
  config: edited(settings),
  saved: {
    settings,
    columns: {
      input: [columns[1]],
      output: [{ name: 'Price again', type: 'decimal', description: 'Copy of price' }],
    },
  },
});

describe('the list of columns to copy', () => {
  beforeEach(async () => {
    await openDialog('copy_columns', dialog);
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
    const { columns: chosen } = dialog.read();
    expect(chosen.input).toEqual([columns[0]]);
    expect(chosen.output.map((column) => column.name)).toEqual(['Copy 0', 'Copy 1']);
  });
});
