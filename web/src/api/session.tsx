import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { api, setCsrfToken } from './client';
import { ProblemError } from './problem';
import type { Role, Session } from './types';

const KEY = ['session'];

async function readSession(): Promise<Session | null> {
  try {
    return remember(await api.get<Session>('/v1/session'));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return remember(null);
    throw error;
  }
}

function remember<T extends Session | null>(session: T): T {
  setCsrfToken(session?.csrfToken);
  return session;
}

/** Who is signed in; `null` for nobody. */
export function useSessionQuery() {
  return useQuery({ queryKey: KEY, queryFn: readSession, staleTime: Infinity, retry: 1 });
}

/** Signs in with any credential that the API takes; it is sent once and kept nowhere in the browser. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (credential: string) => remember(await api.post<Session>('/v1/session', { credential })),
    onSuccess: (session) => change(client, session),
  });
}

/** Ends the session, here and at the server. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.delete('/v1/session'),
    onSuccess() {
      change(client, remember(null));
    },
  });
}

/** What somebody else had read is nobody's business. */
function change(client: QueryClient, session: Session | null): void {
  client.setQueryData(KEY, session);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
}

export const SessionContext = createContext<Session | null>(null);

/** The session; there is one on every screen but the sign-in. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession requires a signed-in session.');
  return session;
}

const WRITERS: readonly Role[] = ['admin', 'product'];

/** What the signed-in role may do; the API decides anyway, this only spares the pointless button. */
export function useMay() {
  const { role } = useSession().principal;
  return {
    /** Product lines' own things: types, customers, portals. */
    write: WRITERS.includes(role),
    /** Endpoints and notifications, which customers keep themselves. */
    steer: role !== 'viewer',
    administer: role === 'admin',
    isCustomer: role === 'customer',
  };
}
