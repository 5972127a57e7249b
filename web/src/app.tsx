import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { createBrowserRouter, Navigate, useLocation, useRouteError, type RouteObject } from 'react-router';
import { RouterProvider } from 'react-router/dom';
import { setWindowTitle } from './api/branding';
import { whenSignedOut } from './api/client';
import { inPortal, linkToken, PORTAL_PATH } from './api/portal';
import { ProblemError } from './api/problem';
import { SessionContext, useSessionQuery } from './api/session';
import type { Session } from './api/types';
import { Shell } from './layout/shell';
import { PortalClosed, PortalEntry } from './screens/sign-in/portal';
import { SignIn } from './screens/sign-in/sign-in';
import { ButtonLink } from './ui/button';
import { Empty, Failed, Skeleton } from './ui/states';
import { ToastProvider } from './ui/toast';

const screens: RouteObject[] = [
  { index: true, lazy: async () => ({ Component: (await import('./screens/overview/overview')).Overview }) },
  { path: 'endpoints', lazy: async () => ({ Component: (await import('./screens/endpoints/list/list')).Endpoints }) },
  {
    path: 'endpoints/new',
    lazy: async () => ({ Component: (await import('./screens/endpoints/create/create')).CreateEndpoint }),
  },
  {
    path: 'endpoints/:id',
    lazy: async () => ({ Component: (await import('./screens/endpoints/detail/detail')).EndpointDetail }),
  },
  {
    path: 'endpoints/:id/edit',
    lazy: async () => ({ Component: (await import('./screens/endpoints/detail/edit')).EditEndpoint }),
  },
  { path: 'logs', lazy: async () => ({ Component: (await import('./screens/logs/logs')).Logs }) },
  { path: 'activity', lazy: async () => ({ Component: (await import('./screens/activity/activity')).ActivityScreen }) },
  {
    path: 'recoveries',
    lazy: async () => ({ Component: (await import('./screens/recoveries/recoveries')).Recoveries }),
  },
  { path: 'play', lazy: async () => ({ Component: (await import('./screens/play/play')).Play }) },
  { path: 'play/:id', lazy: async () => ({ Component: (await import('./screens/play/inbox')).Inbox }) },
  { path: 'catalog', lazy: async () => ({ Component: (await import('./screens/catalog/catalog')).Catalog }) },
  {
    path: 'catalog/:name',
    lazy: async () => ({ Component: (await import('./screens/catalog/event-type')).EventTypeDetail }),
  },
  {
    path: 'onboarding',
    lazy: async () => ({ Component: (await import('./screens/onboarding/onboarding')).Onboarding }),
  },
  { path: 'customers', lazy: async () => ({ Component: (await import('./screens/customers/customers')).Customers }) },
  {
    path: 'customers/:id',
    lazy: async () => ({ Component: (await import('./screens/customers/customer')).CustomerDetail }),
  },
  { path: 'products', lazy: async () => ({ Component: (await import('./screens/products/products')).Products }) },
  {
    path: 'allow-list',
    lazy: async () => ({ Component: (await import('./screens/allow-list/allow-list')).AllowList }),
  },
  {
    path: 'credentials',
    lazy: async () => ({ Component: (await import('./screens/credentials/credentials')).Credentials }),
  },
  { path: 'audit', lazy: async () => ({ Component: (await import('./screens/audit/audit')).Audit }) },
  { path: 'sessions', lazy: async () => ({ Component: (await import('./screens/sessions/sessions')).Sessions }) },
  { path: '*', Component: NoSuchPage },
];

const routes: RouteObject[] = [
  ...(inPortal ? [] : [{ path: 'sign-in', Component: SignIn }]),
  {
    Component: SignedIn,
    HydrateFallback: () => <Skeleton />,
    children: [{ ErrorBoundary: ScreenFailed, children: screens }],
  },
];

export function App() {
  const [client] = useState(createQueryClient);
  return (
    <QueryClientProvider client={client}>
      <ToastProvider>{linkToken === null ? <Screens /> : <FromLink token={linkToken} />}</ToastProvider>
    </QueryClientProvider>
  );
}

/** A portal whose link was just opened. */
function FromLink({ token }: { token: string }) {
  const [opened, setOpened] = useState(false);
  const open = useCallback(() => setOpened(true), []);
  return opened ? <Screens /> : <PortalEntry token={token} onOpened={open} />;
}

function Screens() {
  const [router] = useState(() => createBrowserRouter(routes, { basename: inPortal ? PORTAL_PATH : '/' }));
  return <RouterProvider router={router} />;
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

function SignedIn() {
  const { data: session, error, refetch } = useSessionQuery();
  const { pathname, search } = useLocation();
  if (session === undefined && error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (session === undefined) return <Skeleton />;
  if (session === null && inPortal) return <PortalClosed />;
  if (session === null) return <Navigate to="/sign-in" replace state={{ from: pathname + search }} />;
  return (
    <SessionContext value={session}>
      <Shell />
    </SessionContext>
  );
}

/**
 * Shown if a chunk is missing because a new version was deployed, or if a screen throws. Reloading
 * fixes the first.
 */
function ScreenFailed() {
  return <Failed error={useRouteError()} onRetry={() => location.reload()} />;
}

function NoSuchPage() {
  useEffect(() => {
    setWindowTitle(t`Page not found`);
  }, []);
  return (
    <Empty title={t`Page not found`}>
      <ButtonLink to="/">
        <Trans>Go to overview</Trans>
      </ButtonLink>
    </Empty>
  );
}
