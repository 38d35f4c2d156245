import { vi } from 'vitest';
import * as dialog from '../../src/transformations/lookup_subscription.js';
import { columns, edited, portal, testDialog } from './dialog.js';

vi.mock('@cloudblueconnect/connect-ui-toolkit', () => ({
  default: vi.fn(async () => portal),
  Card: {},
  Icon: {},
  connectPortalRoutes: {},
}));

const settings = { column: 'asset', field: 'status', output: 'State', must_exist: false };

testDialog({
  page: 'lookup_subscription',
  dialog,
  method: 'lookup_subscription',
  config: edited(settings),
  saved: {
    settings,
    columns: {
      input: [columns[0]],
      output: [{ name: 'State', type: 'string', description: 'Status of the subscription', nullable: true }],
    },
  },
});
