import { useEffect } from 'react';
import { useSignIn } from '../../api/session';
import { SignInCard } from './sign-in';

/** Opens a portal with the token of its link. The session of an operator stays as it is. */
export function PortalEntry({ token, onOpened }: { token: string; onOpened(): void }) {
  const { mutate, isError } = useSignIn();
  useEffect(() => {
    document.title = 'Portal · Signpost';
    mutate(token, { onSuccess: onOpened });
  }, [token, mutate, onOpened]);
  if (isError) return <PortalClosed />;
  return (
    <SignInCard label="Portal" title="Your webhook portal">
      <p role="status">Opening…</p>
    </SignInCard>
  );
}

/** Shown without a portal session: there is nothing that a customer could sign in with. */
export function PortalClosed() {
  useEffect(() => {
    document.title = 'Portal · Signpost';
  }, []);
  return (
    <SignInCard label="Portal" title="Your webhook portal">
      <p role="alert">This link is incomplete or has expired. Ask the sender for a new link.</p>
    </SignInCard>
  );
}
