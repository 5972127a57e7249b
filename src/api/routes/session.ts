import { z } from 'zod';
import type { Feature } from '../../domain/features';
import { Problem } from '../../domain/problems';
import { usePortalLink } from '../../store/access/portal-sessions';
import { endSession, type Session } from '../../store/access/sessions';
import { insertAudit } from '../../store/access/audit';
import { findPortalLook } from '../../store/catalog/branding';
import type { Database, Executor } from '../../store/db/database';
import { VERSION } from '../../process/version';
import type { Authenticator, Known } from '../auth/auth';
import type { BrowserSessions } from '../auth/browser-sessions';
import { actorOf, ANONYMOUS } from '../http/caller';
import { clientAddress } from '../limits/client-address';
import { route, type Reply, type Route } from '../http/route';
import { sessionSchema } from '../schemas/session-schemas';

const PATH = '/v1/session';

export interface SessionDeps {
  db: Database;
  authenticator: Authenticator;
  browserSessions: BrowserSessions;
  publicUrl(): string;
  temporalUiUrl: string | undefined;
  features: ReadonlySet<Feature>;
}

/**
 * The session of a browser. A cookie replaces the credential, so that the browser need not store
 * it.
 */
export function sessionRoutes({
  db,
  authenticator,
  browserSessions,
  publicUrl,
  temporalUiUrl,
  features,
}: SessionDeps): Route[] {
  async function answer(
    executor: Executor,
    { principal, portal }: Known,
    { id: sessionId, person, csrfToken, expiresAt }: Session,
  ): Promise<Reply> {
    const { id, name, role, productId, segment, customerId } = principal;
    const look = customerId === null ? undefined : await findPortalLook(executor, customerId);
    return {
      status: 200,
      body: {
        principal: { id, name, role, productId, segment: segment?.name ?? null, customerId },
        id: sessionId,
        method: person ? 'oidc' : 'credential',
        csrfToken,
        expiresAt,
        version: VERSION,
        features: [...features],
        temporalUiUrl: role === 'customer' ? null : (temporalUiUrl ?? null),
        publicUrl: publicUrl(),
        customerName: look?.customerName ?? null,
        branding: look?.branding ?? null,
        returnUrl: portal?.returnUrl ?? null,
      },
    };
  }

  return [
    route({
      method: 'post',
      path: PATH,
      summary: 'Sign in from a browser',
      description:
        'Exchanges any credential for a session cookie. The session replaces one that the browser already has. It lasts 12 hours by default, or until the credential expires, and ends after 30 minutes without use. With the cookie, every call that changes something needs the header `X-CSRF-Token`. The token of a portal link sets a cookie of its own, which calls with the header `X-Signpost-Portal: true` use.',
      tag: 'Sessions',
      roles: 'public',
      body: z.strictObject({ credential: z.string().min(1).max(4096) }),
      answers: { 200: { description: 'The session. The response sets the cookie', schema: sessionSchema } },
      problems: ['unauthenticated', 'forbidden', 'too-many-requests', 'database-unavailable'],
      ownTransaction: true,
      async handle({ body: { credential }, request, response, admit, refused }) {
        response.set('cache-control', 'no-store');
        const address = clientAddress(request);
        // A valid credential is never refused because of earlier invalid ones, which others may
        // have sent.
        const known = await authenticator.identify(credential, address);
        const wasOpened = known?.portal?.once && !(await usePortalLink(db, known.principal.id));
        if (!known || wasOpened) {
          refused('sign-in', 'session');
          await admit('failedSignIns', address);
          throw new Problem(
            'unauthenticated',
            'The credential is unknown, revoked or expired, or its link was opened before.',
          );
        }
        if (known.principal.role === 'producer') {
          refused('sign-in', known.principal.id);
          throw new Problem('forbidden', 'The role producer posts events, and has nothing to see here.');
        }
        const kind = known.portal ? 'portal' : 'staff';
        const before = await browserSessions.current(db, request);
        const session = await browserSessions.begin(request, response, {
          principal: known.principal,
          credential,
          kind,
          authenticatedAt: new Date(),
          endsAt: known.expiresAt,
          // A portal never replaces a session of the operators.
          replaces: before?.kind === kind ? before.session.id : undefined,
        });
        if (before) authenticator.forget();
        return answer(db, known, session);
      },
    }),
    route({
      method: 'get',
      path: PATH,
      summary: 'Get the current session',
      tag: 'Sessions',
      roles: 'public',
      answers: { 200: { description: 'The session', schema: sessionSchema } },
      problems: ['unauthenticated', 'database-unavailable'],
      async handle({ db: readDb, request, response }) {
        response.set('cache-control', 'no-store');
        const here = await browserSessions.current(readDb, request);
        const known = here && (await authenticator.identifySession(here.session, clientAddress(request)));
        if (!here || !known)
          throw new Problem('unauthenticated', 'There is no session, or it has ended. Sign in first.');
        return answer(readDb, known, here.session);
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
      problems: ['csrf-token', 'database-unavailable'],
      async handle({ db: executor, request, response, refused, afterCommit }) {
        const here = await browserSessions.current(executor, request);
        if (here) {
          try {
            authenticator.checkCsrf(request, here.session.csrfToken);
          } catch (error) {
            refused('csrf-token', `DELETE ${PATH}`);
            throw error;
          }
          await endSession(executor, here.session.id, undefined);
          // Signing out also works with a credential that is no longer valid.
          const known = await authenticator
            .identifySession(here.session, clientAddress(request))
            .catch(() => undefined);
          const actor = actorOf(known?.principal ?? ANONYMOUS, request, response);
          await insertAudit(executor, actor, 'session.end', here.session.id);
          afterCommit(() => authenticator.forget());
        }
        browserSessions.clearCookie(response, here?.kind ?? 'staff');
        return { status: 204 };
      },
    }),
  ];
}
