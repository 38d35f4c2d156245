// What all pages do alike: call the API, join the portal, tell people what happened, make elements.
import createApp, { Card, Icon, connectPortalRoutes } from '@cloudblueconnect/connect-ui-toolkit';

export { call } from './api.js';

/**
 * Register the toolkit's widgets that the pages use, and join the portal around the page.
 *
 * The promise is kept once the portal answered: never, when the page is open by itself. So wait for it only with what
 * needs the portal; `portal.navigateTo(portal.routes.subscriptions)` leaves for a place there.
 *
 * A further widget is imported above and named here; a further icon is named in vite.config.js.
 */
export const joinPortal = async () => {
  const portal = await createApp({ 'ui-card': Card, 'ui-icon': Icon });
  return { ...portal, routes: connectPortalRoutes };
};

/** Write a message below the form; an error is read out at once. Without a text the message goes away. */
export const tell = (text, { error = false } = {}) => {
  const place = document.getElementById('message');
  place.setAttribute('role', error ? 'alert' : 'status');
  place.classList.toggle('error', error);
  place.textContent = text;
};

/** Show an element that waited for its content. */
export const show = (element) => {
  element.hidden = false;
};

/** Make an element: `make('option', { value: 'EUR' }, 'Euro')`. Texts are never read as HTML. */
export const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  });
  element.append(...children);
  return element;
};
