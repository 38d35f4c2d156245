import { vi } from 'vitest';
import * as dialog from '../../src/transformations/manual.js';
import { columns, edited, portal, testDialog } from './dialog.js';

vi.mock('@cloudblueconnect/connect-ui-toolkit', () => ({
  default: vi.fn(async () => portal),
  Card: {},
  Icon: {},
  connectPortalRoutes: {},
}));

const settings = { instructions: 'Look it up.' };

testDialog({
  page: 'manual',
  dialog,
  method: 'by_hand',
  config: edited(settings, { input: [columns[0]], output: [{ name: 'Answer' }] }),
  saved: {
    settings,
    columns: { input: [columns[0]], output: [{ name: 'Answer', type: 'string', description: '' }] },
  },
});
