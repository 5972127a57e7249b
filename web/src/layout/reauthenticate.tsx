import { Suspense, useEffect, useState } from 'react';
import { whenReauthenticationNeeded } from '../api/client';
import { lazyInBackground } from '../ui/prefetch';

const ReauthenticateDialog = lazyInBackground(() => import('./sign-in-again'));

/**
 * Asks for another sign-in when a call needs a recent one. With an API key the call is then
 * repeated. A person is led to the provider and back to the same screen.
 */
export function Reauthenticate() {
  const [settle, setSettle] = useState<(done: boolean) => void>();
  useEffect(() => whenReauthenticationNeeded(() => new Promise<boolean>((resolve) => setSettle(() => resolve))), []);
  if (!settle) return null;
  const end = (done: boolean) => {
    settle(done);
    setSettle(undefined);
  };
  return (
    <Suspense>
      <ReauthenticateDialog onEnd={end} />
    </Suspense>
  );
}
