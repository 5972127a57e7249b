import { PROBLEMS, type ProblemCode } from '../../domain/problems';
import { acceptsIdempotencyKey, isList, rolesOf, type Route } from '../http/route';

/** Every problem that a call of the route can return, apart from `internal-error`. */
export function declaredProblems(route: Route): ReadonlySet<ProblemCode> {
  const codes = new Set<ProblemCode>(['invalid-request', 'validation-failed', ...(route.problems ?? [])]);
  if (rolesOf(route)) {
    codes.add('unauthenticated').add('forbidden').add('too-many-requests').add('database-unavailable');
    if (route.method !== 'get') codes.add('csrf-token');
  }
  if (route.params) codes.add('not-found');
  if (route.body) codes.add('malformed-json').add('payload-too-large').add('unsupported-media-type');
  if (isList(route)) codes.add('invalid-cursor');
  if (route.feature) codes.add('feature-disabled');
  if (route.needsRecentSignIn) codes.add('reauthentication-required');
  if (acceptsIdempotencyKey(route)) codes.add('idempotency-key-conflict');
  return codes;
}

/** The same by status, in ascending order. */
export function problemsByStatus(route: Route): [status: number, codes: ProblemCode[]][] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of declaredProblems(route)) {
    const [status] = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].sort(([one], [other]) => one - other);
}
