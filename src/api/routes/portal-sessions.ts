import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { findCustomer } from '../../store/catalog/customers';
import { endPortalSession, insertPortalSession, listPortalSessions } from '../../store/access/portal-sessions';
import { scopeOf, type Authenticator } from '../auth/auth';
import { READERS, WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { givenId, isUuidKey, pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';
import type { Tokens } from '../auth/tokens';

const DEFAULT_LIFE_SECONDS = 3600;
const MAX_LIFE_SECONDS = 86_400;

const portalSession = z
  .object({
    id: z.string(),
    customerId: z.string(),
    createdBy: z.string().describe('Whose credential opened it.'),
    createdAt: timestamp,
    expiresAt: timestamp,
  })
  .meta({ id: 'PortalSession' });

/** What sessions of portals need. */
interface PortalDeps {
  tokens: Tokens;
  authenticator: Pick<Authenticator, 'forget'>;
  publicUrl(): string;
}

/** Links into one customer's portal. */
export function portalRoutes({ tokens, authenticator, publicUrl }: PortalDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/portal-sessions',
      summary: "Open a customer's portal for a while",
      description:
        "The token has the role `customer`: it reaches what is that customer's, and nothing else. In the URL it stands behind `#`, which browsers send to nobody.",
      tag: 'Portal',
      roles: WRITERS,
      body: z.strictObject({
        customerId: givenId,
        expiresInSeconds: z.int().min(60).max(MAX_LIFE_SECONDS).default(DEFAULT_LIFE_SECONDS),
      }),
      answers: {
        201: {
          description: 'The session; its token is shown this once',
          schema: z.object({
            id: z.string(),
            customerId: z.string(),
            token: z.string(),
            url: z.string(),
            expiresAt: timestamp,
          }),
        },
      },
      problems: ['unknown-customer'],
      creates: true,
      async handle({ db, principal, body: { customerId, expiresInSeconds }, audit }) {
        const customer = await findCustomer(db, customerId, scopeOf(principal));
        // A shared customer's portal shows what all products send it: that is not one product's to give away.
        if (!customer || (principal.productId !== null && customer.productId !== principal.productId)) {
          throw new Problem('unknown-customer', 'There is no such customer of yours.', {
            errors: [{ path: '/customerId', message: 'no such customer' }],
          });
        }
        const expiresAt = new Date(Date.now() + expiresInSeconds * 1000);
        const id = await insertPortalSession(db, { customerId: customer.id, createdBy: principal.id, expiresAt });
        const token = await tokens.issue({ portalSessionId: id }, expiresInSeconds);
        await audit('portal-session.create', customer.id, { id, expiresAt });
        return {
          status: 201,
          body: { id, customerId: customer.id, token, url: `${publicUrl()}/portal#token=${token}`, expiresAt },
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/portal-sessions',
      summary: 'List live portal sessions',
      tag: 'Portal',
      roles: READERS,
      query: z.strictObject({ ...pageQuery, customerId: givenId.optional() }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(portalSession) } },
      async handle({ db, principal, query }) {
        const page = pageRequest(query, isUuidKey);
        return { status: 200, body: await listPortalSessions(db, scopeOf(principal), query, page) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/portal-sessions/:id',
      summary: 'End a portal session',
      description: 'Its token is refused: at once by this process, within a second by others.',
      tag: 'Portal',
      roles: WRITERS,
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'Ended', schema: null } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id }, audit, afterCommit }) {
        const customerId = await endPortalSession(db, id, scopeOf(principal));
        if (customerId === undefined) throw notFound('portal session');
        await audit('portal-session.end', customerId, { id });
        afterCommit(() => authenticator.forget());
        return { status: 204 };
      },
    }),
  ];
}
