import type { Request, Response } from 'express';
import { Problem } from '../../domain/problems';
import type { Principal } from '../../domain/types';
import type { Refusals } from '../audit/refusals';
import { actorOf, ANONYMOUS } from '../http/caller';
import { rolesOf, type Route } from '../http/route';
import { clientAddress } from '../limits/client-address';
import type { Limits } from '../limits/limits';
import type { Authenticator } from './auth';

/** What identifies callers, and records those that are refused. */
export interface CallerDeps {
  authenticator: Pick<Authenticator, 'authenticate'>;
  limits: Limits;
  refusals: Refusals;
}

/**
 * Identifies the caller of a route and checks its role. A valid credential is never refused because
 * of earlier invalid ones.
 *
 * @throws Problem unauthenticated, csrf-token, forbidden, too-many-requests
 */
export async function callerOf(
  route: Pick<Route, 'method' | 'path' | 'roles' | 'optionalRoles'>,
  { authenticator, limits, refusals }: CallerDeps,
  request: Request,
  response: Response,
): Promise<Principal> {
  const roles = rolesOf(route);
  if (roles === undefined || (route.roles === 'public' && !hasCredential(request))) return ANONYMOUS;
  const object = `${route.method.toUpperCase()} ${route.path}`;
  const principal = await authenticator.authenticate(request).catch(async (error: unknown) => {
    const reason = reasonOf(error, request);
    if (reason) refusals.note(reason, actorOf(ANONYMOUS, request, response), object);
    if (reason === 'invalid-credential') await limits.admit('failedCredentials', clientAddress(request));
    throw error;
  });
  if (roles.includes(principal.role)) return principal;
  refusals.note('role', actorOf(principal, request, response), object);
  throw new Problem(
    'forbidden',
    `This call requires the role ${roles.join(' or ')}. The credential has the role ${principal.role}.`,
  );
}

const hasCredential = ({ headers }: Request) =>
  headers['x-api-key'] !== undefined || headers.authorization !== undefined;

function reasonOf(error: unknown, request: Request) {
  if (!(error instanceof Problem)) return undefined;
  if (error.code === 'csrf-token') return 'csrf-token';
  if (error.code !== 'unauthenticated') return undefined;
  return hasCredential(request) ? 'invalid-credential' : 'missing-credential';
}
