import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { ROLES, type Principal } from '../../domain/types';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { insertAudit } from '../../store/access/audit';
import { deleteSession, findSession, insertSession, type Session } from '../../store/access/sessions';
import { VERSION } from '../../process/version';
import type { Authenticator } from '../auth/auth';
import { clientAddress } from '../limits/client-address';
import { actorOf, ANONYMOUS } from '../http/caller';
import { route, type Context, type Reply, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { randomToken, sessionTokenOf, setSessionCookie } from '../auth/session-cookie';
import { sha256 } from '../../domain/sha256';
import { isHttps } from '../http/is-https';

const LIFE_SECONDS = 12 * 3600;
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
    csrfToken: z.string().describe('Send it in `X-CSRF-Token` with every call that changes something.'),
    expiresAt: timestamp,
    version: z.string(),
    temporalUiUrl: z.string().nullable().describe('URL of the Temporal UI; null for customers, and if unknown.'),
    publicUrl: z.string().describe('Base URL of the API.'),
  })
  .meta({ id: 'Session' });

export interface SessionDeps {
  db: Database;
  authenticator: Authenticator;
  sealer: Sealer;
  publicUrl(): string;
  temporalUiUrl: string | undefined;
}

/**
 * Sessions of the web UI. A cookie replaces the credential, so that the browser need not store it.
 */
export function sessionRoutes({ db, authenticator, sealer, publicUrl, temporalUiUrl }: SessionDeps): Route[] {
  const usesHttps = () => isHttps(publicUrl());

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

  async function current({
    db: executor,
    request,
  }: Context): Promise<{ tokenHash: Buffer; found: Session } | undefined> {
    const token = sessionTokenOf(request, usesHttps());
    if (token === undefined) return undefined;
    const tokenHash = sha256(token);
    const found = await findSession(executor, sealer, tokenHash);
    return found && { tokenHash, found };
  }

  function checkCsrf({ request, refused }: Context, csrfToken: string): void {
    try {
      authenticator.checkCsrf(request, csrfToken);
    } catch (error) {
      refused('csrf-token', `DELETE ${PATH}`);
      throw error;
    }
  }

  return [
    route({
      method: 'post',
      path: PATH,
      summary: 'Sign in from a browser',
      description:
        'Exchanges any credential for a session cookie. The session lasts 12 hours, or until the credential expires. With the cookie, every call that changes something needs the header `X-CSRF-Token`.',
      tag: 'Sessions',
      roles: 'public',
      body: z.strictObject({ credential: z.string().min(1).max(4096) }),
      answers: { 200: { description: 'The session. The response sets the cookie', schema: session } },
      problems: ['unauthenticated', 'forbidden', 'too-many-requests'],
      ownTransaction: true,
      async handle({ body: { credential }, request, response, admit, refused }) {
        response.set('cache-control', 'no-store');
        // A valid credential is never refused because of earlier invalid ones, which others may
        // have sent.
        const known = await authenticator.identify(credential, clientAddress(request));
        if (!known) {
          refused('sign-in', 'session');
          await admit('failedSignIns', clientAddress(request));
          throw new Problem('unauthenticated', 'The credential is unknown, revoked or expired.');
        }
        if (known.principal.role === 'producer') {
          refused('sign-in', known.principal.id);
          throw new Problem('forbidden', 'The role producer posts events, and has nothing to see here.');
        }
        const expiresAtMs = Math.min(Date.now() + LIFE_SECONDS * 1000, known.expiresAt?.getTime() ?? Infinity);
        const made = { credential, csrfToken: randomToken(), expiresAt: new Date(expiresAtMs) };
        const token = randomToken();
        const actor = actorOf(known.principal, request, response);
        await db.transaction(async (executor) => {
          await insertSession(executor, sealer, sha256(token), made);
          await insertAudit(executor, actor, 'session.create', actor.id, { detail: { expiresAt: made.expiresAt } });
        });
        const maxAgeSeconds = Math.max(1, Math.floor((expiresAtMs - Date.now()) / 1000));
        setSessionCookie(response, token, maxAgeSeconds, usesHttps());
        return answer(known.principal, made);
      },
    }),
    route({
      method: 'get',
      path: PATH,
      summary: 'Get the current session',
      tag: 'Sessions',
      roles: 'public',
      answers: { 200: { description: 'The session', schema: session } },
      problems: ['unauthenticated'],
      async handle(context) {
        context.response.set('cache-control', 'no-store');
        const here = await current(context);
        const known = here && (await authenticator.identify(here.found.credential, clientAddress(context.request)));
        if (!here || !known)
          throw new Problem('unauthenticated', 'There is no session, or it has expired. Sign in first.');
        return answer(known.principal, here.found);
      },
    }),
    route({
      method: 'delete',
      path: PATH,
      summary: 'Sign out',
      description: 'The session ends immediately in this process, and within a second in others.',
      tag: 'Sessions',
      roles: 'public',
      answers: { 204: { description: 'The session has ended', schema: null } },
      problems: ['csrf-token'],
      async handle(context) {
        const here = await current(context);
        if (here) {
          checkCsrf(context, here.found.csrfToken);
          await deleteSession(context.db, here.tokenHash);
          const { request, response } = context;
          // Signing out also works with a credential that is no longer valid.
          const known = await authenticator
            .identify(here.found.credential, clientAddress(request))
            .catch(() => undefined);
          const actor = actorOf(known?.principal ?? ANONYMOUS, request, response);
          await insertAudit(context.db, actor, 'session.delete', actor.id);
          context.afterCommit(() => authenticator.forget());
        }
        setSessionCookie(context.response, '', 0, usesHttps());
        return { status: 204 };
      },
    }),
  ];
}
