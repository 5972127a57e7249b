/** The path that portals live under, beside the screens of the operators. */
export const PORTAL_PATH = '/portal';

/**
 * Whether this page is a customer's portal. Its calls say so: the browser may hold the session of
 * an operator as well.
 */
export const inPortal = location.pathname === PORTAL_PATH || location.pathname.startsWith(`${PORTAL_PATH}/`);

/**
 * The token of a portal link, and the theme that it opens with. They are in the fragment, which
 * browsers never send, and are removed from the address bar immediately.
 */
export const { token: linkToken, theme: linkTheme } = inPortal ? takeFragment() : { token: null, theme: null };

const REMEMBERED = 'signpost-portal';

/**
 * Remembers in this tab that a portal was open, so that a later visit says that it ended rather
 * than that the link is wrong.
 */
export const rememberPortal = (returnUrl: string | null): void => sessionStorage.setItem(REMEMBERED, returnUrl ?? '');

/** Where the portal led back to; empty if nowhere, and null if none was open in this tab. */
export const rememberedPortal = (): string | null => sessionStorage.getItem(REMEMBERED);

function takeFragment(): { token: string | null; theme: string | null } {
  // A link that is opened in this tab changes only the fragment.
  addEventListener('hashchange', () => location.reload());
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get('token');
  if (token !== null) history.replaceState(null, '', location.pathname);
  return { token, theme: given.get('theme') };
}
