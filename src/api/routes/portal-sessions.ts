import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { findCustomer } from '../../store/customers';
import { scopeOf } from '../auth';
import { WRITERS } from '../roles';
import { route, type Route } from '../route';
import { givenId, timestamp } from '../schemas';
import type { Tokens } from '../tokens';

const DEFAULT_LIFE_SECONDS = 3600;
const MAX_LIFE_SECONDS = 86_400;

/** Links into one customer's portal. */
export function portalRoutes({ tokens, publicUrl }: { tokens: Tokens; publicUrl(): string }): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/portal-sessions',
      summary: "Open a customer's portal for a while",
      description:
        "The token has the role `customer`: it reaches what is that customer's, and nothing else. In the URL it stands behind `#`, which browsers send to nobody. It cannot be revoked; it expires.",
      tag: 'Portal',
      roles: WRITERS,
      body: z.strictObject({
        customerId: givenId,
        expiresInSeconds: z.int().min(60).max(MAX_LIFE_SECONDS).default(DEFAULT_LIFE_SECONDS),
      }),
      answers: {
        201: {
          description: 'The session, shown this once',
          schema: z.object({ customerId: z.string(), token: z.string(), url: z.string(), expiresAt: timestamp }),
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
        const token = await tokens.issue({ portalOf: customer.id }, expiresInSeconds);
        const expiresAt = new Date(Date.now() + expiresInSeconds * 1000);
        await audit('portal-session.create', customer.id, { expiresAt });
        return {
          status: 201,
          body: { customerId: customer.id, token, url: `${publicUrl()}/portal#token=${token}`, expiresAt },
        };
      },
    }),
  ];
}
