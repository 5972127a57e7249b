import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { findCustomer } from '../../store/catalog/customers';
import {
  endPortalSession,
  endPortalSessionsOfCustomer,
  insertPortalSession,
  listPortalSessions,
} from '../../store/access/portal-sessions';
import { scopeOf, type Authenticator } from '../auth/auth';
import { mayUse } from '../auth/own-products';
import { READERS, WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { givenId, pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';
import { httpUrl } from '../schemas/http-url';
import type { Tokens } from '../auth/tokens';

const DEFAULT_LIFE_SECONDS = 3600;
const MAX_LIFE_SECONDS = 86_400;

const portalSession = z
  .object({
    id: z.string(),
    customerId: z.string(),
    createdBy: z.string().describe('Id of the credential that created the session.'),
    createdAt: timestamp,
    expiresAt: timestamp,
    once: z.boolean().describe('Whether its link opens in one browser only.'),
    usedAt: timestamp.nullable().describe('When a link that opens once was opened.'),
    returnUrl: z.string().nullable(),
  })
  .meta({ id: 'PortalSession' });

/** A page that a browser may be sent to: never a script, and no password that it would pass on. */
const returnUrl = httpUrl({ allowsFragment: true });

/** Dependencies of the portal session routes. */
interface PortalDeps {
  tokens: Tokens;
  authenticator: Pick<Authenticator, 'forget'>;
  publicUrl(): string;
}

/** Portal sessions: short-lived links to one customer's portal. */
export function portalRoutes({ tokens, authenticator, publicUrl }: PortalDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/portal-sessions',
      summary: 'Create a portal session',
      description:
        "Returns a token and a URL that open the customer's portal for a limited time. The token has the role `customer`, so it can access only what belongs to that customer. In the URL it follows `#`, so browsers do not send it to any server.",
      tag: 'Portal',
      feature: 'portal',
      roles: WRITERS,
      needsRecentSignIn: true,
      body: z.strictObject({
        customerId: givenId,
        expiresInSeconds: z
          .int()
          .min(60)
          .max(MAX_LIFE_SECONDS)
          .default(DEFAULT_LIFE_SECONDS)
          .describe('Lifetime of the session, in seconds.'),
        once: z
          .boolean()
          .default(false)
          .describe(
            'Whether the link opens in one browser only. Its token is then no credential for other calls of the API.',
          ),
        returnUrl: returnUrl.nullish().describe('Page that the portal links back to.'),
        theme: z
          .enum(['light', 'dark'])
          .nullish()
          .describe('Colors that the portal opens with, instead of those of the device. The customer can change them.'),
      }),
      answers: {
        201: {
          description: 'The new session, with its token. The token is not shown again',
          schema: z.object({
            id: z.string(),
            customerId: z.string(),
            token: z.string(),
            url: z.string(),
            expiresAt: timestamp,
          }),
        },
      },
      problems: ['unknown-customer', 'quota-exceeded'],
      async handle({
        db,
        principal,
        body: { customerId, expiresInSeconds, once, returnUrl = null, theme },
        audit,
        checkQuota,
      }) {
        const customer = await findCustomer(db, customerId, scopeOf(principal));
        // The portal of a shared customer shows the notifications of all products, so a single
        // product must not open it.
        if (!customer || !mayUse(principal, customer.productId)) {
          throw new Problem('unknown-customer', 'The customer does not exist or does not belong to your product.', {
            errors: [{ path: '/customerId', message: 'does not exist or does not belong to your product' }],
          });
        }
        await checkQuota('portalSessions', { customerId: customer.id, productId: null });
        const expiresAt = new Date(Date.now() + expiresInSeconds * 1000);
        const id = await insertPortalSession(db, {
          customerId: customer.id,
          createdBy: principal.id,
          expiresAt,
          once,
          returnUrl,
        });
        const token = await tokens.issue({ portalSessionId: id }, expiresInSeconds);
        const fragment = theme ? `token=${token}&theme=${theme}` : `token=${token}`;
        await audit('portal-session.create', customer.id, { customerId, detail: { id, expiresAt, once } });
        return {
          status: 201,
          body: { id, customerId: customer.id, token, url: `${publicUrl()}/portal#${fragment}`, expiresAt },
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/portal-sessions',
      summary: 'List active portal sessions',
      tag: 'Portal',
      roles: READERS,
      query: z.strictObject({ ...pageQuery, customerId: givenId.optional() }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(portalSession) } },
      async handle({ db, principal, query }) {
        const page = pageRequest(query, isUuid);
        return { status: 200, body: await listPortalSessions(db, scopeOf(principal), query, page) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/portal-sessions',
      summary: "End all of a customer's portal sessions",
      description: 'Their tokens become invalid immediately in this process, and within a second in others.',
      tag: 'Portal',
      roles: WRITERS,
      query: z.strictObject({ customerId: givenId }),
      answers: { 204: { description: 'The sessions have ended', schema: null } },
      problems: ['not-found'],
      async handle({ db, principal, query: { customerId }, audit, afterCommit }) {
        const ended = await endPortalSessionsOfCustomer(db, customerId, scopeOf(principal));
        if (ended === undefined) throw notFound('customer');
        if (ended > 0) await audit('portal-session.end', customerId, { customerId, detail: { ended } });
        afterCommit(() => authenticator.forget());
        return { status: 204 };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/portal-sessions/:id',
      summary: 'End a portal session',
      description: 'Its token becomes invalid immediately in this process, and within a second in others.',
      tag: 'Portal',
      roles: WRITERS,
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'The session has ended', schema: null } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id }, audit, afterCommit }) {
        const customerId = await endPortalSession(db, id, scopeOf(principal));
        if (customerId === undefined) throw notFound('portal session');
        await audit('portal-session.end', customerId, { customerId, detail: { id } });
        afterCommit(() => authenticator.forget());
        return { status: 204 };
      },
    }),
  ];
}
