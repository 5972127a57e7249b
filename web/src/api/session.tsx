import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { applyBranding } from './branding';
import { api, setCsrfToken } from './client';
import { inPortal, rememberPortal } from './portal';
import { ProblemError } from './problem';
import type { Role, Session, SignInMethods } from './types';

const KEY = ['session'];

async function readSession(): Promise<Session | null> {
  try {
    return await begin(await api.get<Session>('/v1/session'));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return remember(null);
    throw error;
  }
}

/** Applies the look of a session before anything of it is shown. */
async function begin(session: Session): Promise<Session> {
  await applyBranding(session.branding);
  return remember(session);
}

function remember<T extends Session | null>(session: T): T {
  setCsrfToken(session?.csrfToken);
  if (!session) void applyBranding(null);
  if (inPortal && session) rememberPortal(session.returnUrl);
  return session;
}

/** The current session, or `null` if nobody is signed in. */
export function useSessionQuery() {
  return useQuery({ queryKey: KEY, queryFn: readSession, staleTime: Infinity, retry: 1 });
}

/** The ways to sign in besides an API key. */
export function useSignInMethods() {
  return useQuery({
    queryKey: ['sign-in methods'],
    queryFn: () => api.get<SignInMethods>('/v1/session/methods'),
    staleTime: Infinity,
  });
}

/**
 * Signs in with any credential the API accepts. It is sent once and never stored in the browser.
 */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (credential: string) => begin(await api.post<Session>('/v1/session', { credential })),
    onSuccess: (session) => {
      change(client, session);
      // What failed after the last session had ended is read again.
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    },
  });
}

/** Ends the session, on the server too. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.delete('/v1/session'),
    onSuccess() {
      change(client, remember(null));
    },
  });
}

/** Ends all sessions of the credential or person, this one too. */
export function useSignOutEverywhere() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.delete('/v1/sessions'),
    onSuccess() {
      change(client, remember(null));
    },
  });
}

/** Drops the cache: data that one principal read must not be shown to the next. */
function change(client: QueryClient, session: Session | null): void {
  const before = client.getQueryData<Session | null>(KEY);
  client.setQueryData(KEY, session);
  if (session && before?.principal.id === session.principal.id) return;
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
}

export const SessionContext = createContext<Session | null>(null);

/** Returns the session. Every screen except sign-in has one. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession requires a signed-in session.');
  return session;
}

/** Returns whether the installation has a feature. */
export function useFeatures(): (feature: Session['features'][number]) => boolean {
  const { features } = useSession();
  return (feature) => features.includes(feature);
}

const WRITERS: readonly Role[] = ['admin', 'product'];

/**
 * What the signed-in role may do. The API enforces it; the UI only hides buttons that would fail.
 */
export function usePermissions() {
  const { role } = useSession().principal;
  return {
    /** Event types, customers, portal links. */
    write: WRITERS.includes(role),
    /** Endpoints and notifications, which customers manage themselves. */
    manageEndpoints: role !== 'viewer',
    administer: role === 'admin',
    isCustomer: role === 'customer',
  };
}
