const SIGN_IN = '/sign-in';

interface State {
  /** The page that needs the sign-in. */
  from?: string;
}

/** Whether the address is that of the sign-in page. */
export const isSignInPage = (): boolean => location.pathname === SIGN_IN;

/** The page to show after the sign-in. */
export function pageAfterSignIn(): string {
  if (!isSignInPage()) return location.pathname + location.search;
  return (history.state as State | null)?.from ?? '/';
}

/** Shows the address of the sign-in page, and keeps the page that needs the sign-in. */
export function enterSignInPage(): void {
  if (!isSignInPage()) history.replaceState({ from: pageAfterSignIn() } satisfies State, '', SIGN_IN);
}

/** Shows the address of the page that needed the sign-in. */
export function leaveSignInPage(): void {
  if (isSignInPage()) history.replaceState(null, '', pageAfterSignIn());
}
