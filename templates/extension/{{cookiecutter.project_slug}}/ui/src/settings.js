// The page in the account's settings: which marketplaces the account watches.
import { call, joinPortal, make, show, tell } from './common/page.js';
import { label } from './marketplaces.js';

const choice = (marketplace, chosen) =>
  make(
    'label',
    { className: 'line' },
    make('input', { type: 'checkbox', name: 'marketplaces', value: marketplace.id, checked: chosen }),
    label(marketplace),
  );

export const start = async () => {
  joinPortal();
  const form = document.querySelector('form');
  const button = form.querySelector('button');

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    tell('Saving…');
    try {
      await call('settings', { method: 'PUT', body: { marketplaces: new FormData(form).getAll('marketplaces') } });
      tell('Saved.');
    } catch (error) {
      tell(`Not saved. ${error.message}`, { error: true });
    } finally {
      button.disabled = false;
    }
  });

  try {
    const [marketplaces, settings] = await Promise.all([call('marketplaces'), call('settings')]);
    const choices = marketplaces.map((item) => choice(item, settings.marketplaces.includes(item.id)));
    document.getElementById('marketplaces').replaceChildren(...choices);
    show(form);
    tell(choices.length ? '' : 'Your account has no marketplaces.');
  } catch (error) {
    tell(error.message, { error: true });
  }
};
