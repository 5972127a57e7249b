import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { insertSecretLink } from '../../store/subscriptions/secret-links';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { SECRET_PAGE_PATH } from '../pages/secret-page';
import { lockedSubscriptionOf } from '../subscriptions/lookup';
import { sha256 } from '../../domain/sha256';

const TOKEN_BYTES = 32;
const DEFAULT_EXPIRY_SECONDS = 604_800;
const MAX_EXPIRY_SECONDS = 2_592_000;

/**
 * Secret links: sharing a secret by a URL that shows it once. The token is in the URL's fragment,
 * which browsers do not send. So it is in no log of a server or proxy, and a program that only
 * fetches the link, such as a preview, cannot consume it.
 *
 * @param publicUrl - the base URL of the API
 */
export function secretLinkRoutes(publicUrl: () => string): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/secret/link',
      summary: 'Create a link that shows the secret once',
      description:
        'Only the first person to open the link sees the secret. A rotation invalidates the link. The audit log records when a link is created and opened.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params: z.object({ id: z.string() }),
      body: z.strictObject({
        expiresInSeconds: z
          .int()
          .min(60)
          .max(MAX_EXPIRY_SECONDS)
          .default(DEFAULT_EXPIRY_SECONDS)
          .describe('Lifetime of the link, in seconds.'),
      }),
      answers: {
        201: {
          description: 'The link. It is not shown again',
          schema: z.object({ url: z.string(), expiresAt: timestamp }),
        },
      },
      problems: ['not-found'],
      needsRecentSignIn: true,
      async handle(context) {
        // Locked, so that a concurrent rotation cannot leave a link to the previous secret.
        const { id, customerId, productId } = await lockedSubscriptionOf(context, context.params.id);
        const token = randomBytes(TOKEN_BYTES).toString('base64url');
        const expiresAt = await insertSecretLink(context.db, id, sha256(token), context.body.expiresInSeconds);
        await context.audit('secret.link', id, { customerId, productId, detail: { expiresAt } });
        const url = `${publicUrl()}${SECRET_PAGE_PATH}#${token}`;
        return { status: 201, body: { url, expiresAt } };
      },
    }),
  ];
}
