import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useState } from 'react';
import { whenSignedOut } from './api/client';
import { inPortal, linkToken } from './api/portal';
import { ProblemError } from './api/problem';
import { SessionContext, useSessionQuery } from './api/session';
import type { Session } from './api/types';
import { isSignInPage, leaveSignInPage } from './screens/sign-in/address';
import { SignIn, signInFailure } from './screens/sign-in/sign-in';
import { CouldNotLoad, Loading } from './ui/plain-states';

const App = lazy(loadApp);
const loadPortal = () => import('./screens/sign-in/portal');
const PortalEntry = lazy(async () => ({ default: (await loadPortal()).PortalEntry }));
const PortalClosed = lazy(async () => ({ default: (await loadPortal()).PortalClosed }));

/** Everything behind the sign-in, which the sign-in page itself does not need. */
function loadApp() {
  return import('./app');
}

// Nearly everybody who opens another page is signed in: both are loaded at the same time.
if (linkToken !== null || !isSignInPage()) void loadApp().catch(() => undefined);

/** Shows the sign-in page, or the screens to whoever has a session. */
export function Root() {
  const [client] = useState(createQueryClient);
  return (
    <QueryClientProvider client={client}>
      <Suspense fallback={<Loading />}>{linkToken === null ? <Gate /> : <FromLink token={linkToken} />}</Suspense>
    </QueryClientProvider>
  );
}

/** A portal whose link was just opened. */
function FromLink({ token }: { token: string }) {
  const [opened, setOpened] = useState(false);
  const open = useCallback(() => setOpened(true), []);
  return opened ? <Gate /> : <PortalEntry token={token} onOpened={open} />;
}

function Gate() {
  const { data: session, error, refetch } = useSessionQuery();
  if (session === undefined && error) return <CouldNotLoad error={error} onRetry={() => void refetch()} />;
  if (session === undefined) return <Loading />;
  if (session === null && inPortal) return <PortalClosed />;
  if (session === null || signInFailure() !== undefined) return <SignIn onTyping={() => void loadApp()} />;
  leaveSignInPage();
  return (
    <SessionContext value={session}>
      <App />
    </SessionContext>
  );
}

function createQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      // `navigator.onLine` says nothing about a service on this machine or in an isolated network.
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        staleTime: 5000,
        // A 4xx response would be the same again. Network and 5xx errors may be temporary.
        retry: (count, error) =>
          count < 2 && !(error instanceof ProblemError && error.status > 0 && error.status < 500),
      },
    },
  });
  whenSignedOut(() =>
    client.setQueryData<Session | null>(['session'], (session) => session && { ...session, ended: true }),
  );
  return client;
}
