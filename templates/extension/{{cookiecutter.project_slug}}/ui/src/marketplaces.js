// How a marketplace is shown, on both pages.
import { make } from './common/page.js';

const icon = () => make('ui-icon', { iconName: 'googleStorefrontBaseline', color: '#595959', 'aria-hidden': 'true' });

/** The picture and the name of a marketplace; a picture that is missing or broken is replaced by a drawn one. */
export const label = (marketplace) => {
  if (!marketplace.icon) return make('span', { className: 'marketplace' }, icon(), marketplace.name);
  const image = make('img', { src: marketplace.icon, alt: '', width: 24, height: 24 });
  image.addEventListener('error', () => image.replaceWith(icon()), { once: true });
  return make('span', { className: 'marketplace' }, image, marketplace.name);
};
