import { Counter, type Registry } from 'prom-client';

/** Why a caller was refused. Values of a metric's label: never an id or an address. */
export const AUTH_FAILURES = [
  'missing-credential',
  'invalid-credential',
  'csrf-token',
  'role',
  'sign-in',
  'client-credentials',
  'refresh-token-reuse',
] as const;
export type AuthFailure = (typeof AUTH_FAILURES)[number];

/** What authentication and authorization refused. */
export interface AuthMetrics {
  authFailures: Counter<'reason'>;
}

/** Registers the metrics of authentication. Each reason is there from the start, for alerts. */
export function createAuthMetrics(registry: Registry): AuthMetrics {
  const authFailures = new Counter({
    name: 'signpost_auth_failures_total',
    help: 'Requests that this process refused because of their credential, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of AUTH_FAILURES) authFailures.inc({ reason }, 0);
  return { authFailures };
}
