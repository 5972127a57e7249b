/** The path that portals live under, beside the screens of the operators. */
export const PORTAL_PATH = '/portal';

/**
 * Whether this page is a customer's portal. Its calls say so: the browser may hold the session of
 * an operator as well.
 */
export const inPortal = location.pathname === PORTAL_PATH || location.pathname.startsWith(`${PORTAL_PATH}/`);

/**
 * The token of a portal link. It is in the fragment, which browsers never send, and is removed from
 * the address bar immediately.
 */
export const linkToken = inPortal ? takeToken() : null;

const REMEMBERED = 'signpost-portal';

/**
 * Remembers in this tab that a portal was open, so that a later visit says that it ended rather
 * than that the link is wrong.
 */
export const rememberPortal = (returnUrl: string | null): void => sessionStorage.setItem(REMEMBERED, returnUrl ?? '');

/** Where the portal led back to; empty if nowhere, and null if none was open in this tab. */
export const rememberedPortal = (): string | null => sessionStorage.getItem(REMEMBERED);

function takeToken(): string | null {
  // A link that is opened in this tab changes only the fragment.
  addEventListener('hashchange', () => location.reload());
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname);
  return token;
}
