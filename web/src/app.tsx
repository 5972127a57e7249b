import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import './styles/ui.css';
import './styles/layout.css';
import { setNonce } from 'get-nonce';
import { useEffect, useState } from 'react';
import { createBrowserRouter, Navigate, useRouteError, type RouteObject } from 'react-router';
import { RouterProvider } from 'react-router/dom';
import { setWindowTitle } from './api/branding';
import { inPortal, PORTAL_PATH } from './api/portal';
import { Shell } from './layout/shell';
import { ButtonLink } from './ui/button';
import { Empty, Failed, Skeleton } from './ui/states';
import { ToastProvider } from './ui/toast';

// Radix injects a style to lock scrolling behind a dialog. The CSP allows it by this nonce.
setNonce(document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '');

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
  ...(inPortal ? [] : [{ path: 'sign-in', element: <Navigate to="/" replace /> }]),
  {
    Component: Shell,
    ErrorBoundary: ScreenFailed,
    HydrateFallback: () => <Skeleton />,
    children: [{ ErrorBoundary: ScreenFailed, children: screens }],
  },
];

/** The screens of a session. */
export default function App() {
  const [router] = useState(() => createBrowserRouter(routes, { basename: inPortal ? PORTAL_PATH : '/' }));
  return (
    <ToastProvider>
      <RouterProvider router={router} />
    </ToastProvider>
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
