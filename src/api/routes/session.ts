import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { ROLES, type Principal } from '../../domain/types';
import type { Sealer } from '../../store/db/crypto';
import { deleteSession, findSession, insertSession, type Session } from '../../store/access/sessions';
import { VERSION } from '../../process/version';
import type { Authenticator } from '../auth/auth';
import { route, type Context, type Reply, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { hashOf, randomToken, sessionTokenOf, setSessionCookie } from '../auth/session-cookie';

const LIFE_SECONDS = 12 * 3600;
/** Wrong credentials from one address, before it has to wait. */
const FAILURES = { points: 20, duration: 60 };
const PATH = '/v1/session';

const session = z
  .object({
    principal: z.object({
      id: z.string(),
      name: z.string(),
      role: z.enum(ROLES),
      productId: z.string().nullable(),
      customerId: z.string().nullable(),
    }),
    csrfToken: z.string().describe('Goes into `X-CSRF-Token` of every call that changes something.'),
    expiresAt: timestamp,
    version: z.string(),
    temporalUiUrl: z.string().nullable().describe('Where the workflows are; for staff, and where it is known.'),
    publicUrl: z.string(),
  })
  .meta({ id: 'Session' });

export interface SessionDeps {
  authenticator: Authenticator;
  sealer: Sealer;
  publicUrl(): string;
  temporalUiUrl: string | undefined;
}

/** Sessions of the web UI: a credential is exchanged for a cookie, so that the browser need not keep it. */
export function sessionRoutes({ authenticator, sealer, publicUrl, temporalUiUrl }: SessionDeps): Route[] {
  const failures = new RateLimiterMemory(FAILURES);

  function answer(principal: Principal, { csrfToken, expiresAt }: Session): Reply {
    const { id, name, role, productId, customerId } = principal;
    return {
      status: 200,
      body: {
        principal: { id, name, role, productId, customerId },
        csrfToken,
        expiresAt,
        version: VERSION,
        temporalUiUrl: role === 'customer' ? null : (temporalUiUrl ?? null),
        publicUrl: publicUrl(),
      },
    };
  }

  async function current({ db, request }: Context): Promise<{ tokenHash: Buffer; found: Session } | undefined> {
    const token = sessionTokenOf(request);
    if (token === undefined) return undefined;
    const tokenHash = hashOf(token);
    const found = await findSession(db, sealer, tokenHash);
    return found && { tokenHash, found };
  }

  return [
    route({
      method: 'post',
      path: PATH,
      summary: 'Sign in with a cookie',
      description:
        'For browsers: exchanges any credential for a session of 12 hours, or of what is left of a token. With the cookie, every call that changes something needs the header `X-CSRF-Token`.',
      tag: 'Sessions',
      roles: 'public',
      body: z.strictObject({ credential: z.string().min(1).max(4096) }),
      answers: { 200: { description: 'The session; the cookie is set', schema: session } },
      problems: ['unauthenticated', 'too-many-requests'],
      ownTransaction: true,
      async handle({ db, body: { credential }, request, response }) {
        response.set('cache-control', 'no-store');
        const address = request.ip ?? '';
        const before = await failures.get(address);
        if (before && before.remainingPoints <= 0) {
          throw new Problem('too-many-requests', 'Too many wrong credentials came from this address.', {
            headers: { 'retry-after': String(Math.ceil(before.msBeforeNext / 1000)) },
          });
        }
        const known = await authenticator.identify(credential);
        if (!known) {
          await failures.consume(address).catch(() => undefined);
          throw new Problem('unauthenticated', 'The credential is unknown, revoked or expired.');
        }
        const expiresAtMs = Math.min(Date.now() + LIFE_SECONDS * 1000, known.expiresAt?.getTime() ?? Infinity);
        const made = { credential, csrfToken: randomToken(), expiresAt: new Date(expiresAtMs) };
        const token = randomToken();
        await insertSession(db, sealer, hashOf(token), made);
        const maxAgeSeconds = Math.max(1, Math.floor((expiresAtMs - Date.now()) / 1000));
        setSessionCookie(response, token, maxAgeSeconds, publicUrl().startsWith('https:'));
        return answer(known.principal, made);
      },
    }),
    route({
      method: 'get',
      path: PATH,
      summary: 'Who is signed in',
      tag: 'Sessions',
      roles: 'public',
      answers: { 200: { description: 'The session', schema: session } },
      problems: ['unauthenticated'],
      async handle(context) {
        context.response.set('cache-control', 'no-store');
        const here = await current(context);
        const known = here && (await authenticator.identify(here.found.credential));
        if (!here || !known) throw new Problem('unauthenticated', 'There is no session.');
        return answer(known.principal, here.found);
      },
    }),
    route({
      method: 'delete',
      path: PATH,
      summary: 'Sign out',
      description: 'The cookie is worth nothing from then on, in other processes within a second.',
      tag: 'Sessions',
      roles: 'public',
      answers: { 204: { description: 'Signed out', schema: null } },
      problems: ['csrf-token'],
      async handle(context) {
        const here = await current(context);
        if (here) {
          authenticator.checkCsrf(context.request, here.found.csrfToken);
          await deleteSession(context.db, here.tokenHash);
          context.afterCommit(() => authenticator.forget());
        }
        setSessionCookie(context.response, '', 0, publicUrl().startsWith('https:'));
        return { status: 204 };
      },
    }),
  ];
}
