// The module's page: how many subscriptions the watched marketplaces have.
import { call, joinPortal, make, show, tell } from './common/page.js';
import { label } from './marketplaces.js';

/** One row of the chart. The bar repeats the number, so it says nothing to screen readers; none has no bar. */
export const row = (bar, most) => {
  const drawn = bar.subscriptions
    ? [make('div', { style: `width: ${Math.round((100 * bar.subscriptions) / most)}%` })]
    : [];
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, label(bar.marketplace)),
    make('td', { className: 'number' }, String(bar.subscriptions)),
    make('td', { className: 'bar', 'aria-hidden': 'true' }, ...drawn),
  );
};

export const start = async () => {
  joinPortal().then((portal) => {
    const button = document.getElementById('subscriptions');
    button.addEventListener('click', () => portal.navigateTo(portal.routes.subscriptions));
    show(button);
  });
  try {
    const bars = await call('chart');
    const most = Math.max(...bars.map((bar) => bar.subscriptions));
    document.querySelector('tbody').replaceChildren(...bars.map((bar) => row(bar, most)));
    if (bars.length) show(document.querySelector('table'));
    tell(bars.length ? '' : 'Your account has no marketplaces.');
  } catch (error) {
    tell(error.message, { error: true });
  }
};
