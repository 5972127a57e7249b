import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { insertSecretLink } from '../../store/subscriptions/secret-links';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { hashToken, SECRET_PAGE_PATH } from '../pages/secret-page';
import { lockedSubscriptionOf } from '../subscriptions/lookup';

const TOKEN_BYTES = 32;
const DEFAULT_EXPIRY_SECONDS = 604_800;
const MAX_EXPIRY_SECONDS = 2_592_000;

/**
 * Handing a secret over by a link that shows it once. The token stands in the URL's fragment: browsers keep that to themselves, so it is in no log
 * of a server or proxy on the way, and what merely fetches the link, as a preview does, cannot use it up.
 *
 * @param publicUrl - where clients reach the API
 */
export function secretLinkRoutes(publicUrl: () => string): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/secret/link',
      summary: 'Make a link that shows the secret once',
      description:
        'For handing it over: whoever opens the link first sees the secret, and nobody after. A rotation makes it useless. Making and opening are noted in the audit.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params: z.object({ id: z.string() }),
      body: z.strictObject({
        expiresInSeconds: z.int().min(60).max(MAX_EXPIRY_SECONDS).default(DEFAULT_EXPIRY_SECONDS),
      }),
      answers: {
        201: { description: 'The link, shown this once', schema: z.object({ url: z.string(), expiresAt: timestamp }) },
      },
      problems: ['not-found'],
      creates: true,
      async handle(context) {
        // Locked, so that a rotation that is under way cannot leave a link to the secret before.
        const { id } = await lockedSubscriptionOf(context, context.params.id);
        const token = randomBytes(TOKEN_BYTES).toString('base64url');
        const expiresAt = await insertSecretLink(context.db, id, hashToken(token), context.body.expiresInSeconds);
        await context.audit('secret.link', id, { expiresAt });
        const url = `${publicUrl()}${SECRET_PAGE_PATH}#${token}`;
        return { status: 201, body: { url, expiresAt } };
      },
    }),
  ];
}
