import { z } from 'zod';
import { notFound } from '../../domain/problems';
import { generateSigningKey } from '../../domain/signing';
import type { Sealer } from '../../store/db/crypto';
import { deleteSigningKey, findSigningKey, putSigningKey } from '../../store/subscriptions/signing-keys';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp, overlapSeconds } from '../schemas/schemas';
import { lockedSubscriptionOf, subscriptionOf } from '../subscriptions/lookup';
import { MAX_OVERLAP_SECONDS } from '../schemas/subscription-schemas';

const PATH = '/v1/subscriptions/:id/signing-key';
const params = z.object({ id: z.string() });

const signingKey = z
  .object({
    publicKey: z.string().describe('The ed25519 public key: `whpk_` and base64 of 32 bytes.'),
    createdAt: timestamp,
    previous: z
      .object({ publicKey: z.string(), expiresAt: timestamp })
      .nullable()
      .describe('The previous key, while it also signs; null if there is none.'),
  })
  .meta({ id: 'SigningKey' });

/** Key pairs, for receivers that verify signatures without being able to create them. */
export function signingKeyRoutes(sealer: Sealer): Route[] {
  return [
    route({
      method: 'post',
      path: PATH,
      summary: "Create or rotate a subscription's key pair",
      description:
        'From the next attempt on, `webhook-signature` contains a `v1a` signature in addition to `v1`. If there is a key pair already, it is replaced and also signs for `overlapSeconds`, so that the receiver can switch without downtime. The private key is never shown.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({
        overlapSeconds: overlapSeconds(MAX_OVERLAP_SECONDS, 'How long the previous key also signs, in seconds.'),
      }),
      answers: { 201: { description: 'The new public key', schema: signingKey } },
      problems: ['not-found'],
      answerIsOpen: true,
      async handle(context) {
        const { id, customerId, productId } = await lockedSubscriptionOf(context, context.params.id);
        const { overlapSeconds } = context.body;
        await putSigningKey(context.db, sealer, id, generateSigningKey(), overlapSeconds);
        await context.audit('signing-key.create', id, { customerId, productId, detail: { overlapSeconds } });
        return { status: 201, body: await findSigningKey(context.db, sealer, id) };
      },
    }),
    route({
      method: 'get',
      path: PATH,
      summary: "Get a subscription's public key",
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The public key', schema: signingKey } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await subscriptionOf(context, context.params.id);
        const found = await findSigningKey(context.db, sealer, id);
        if (!found) throw notFound('signing key');
        return { status: 200, body: found };
      },
    }),
    route({
      method: 'delete',
      path: PATH,
      summary: "Delete a subscription's key pair",
      description: 'From the next attempt on, there is no `v1a` signature.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 204: { description: 'The key pair is deleted', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        const { id, customerId, productId } = await lockedSubscriptionOf(context, context.params.id);
        if (!(await deleteSigningKey(context.db, id))) throw notFound('signing key');
        await context.audit('signing-key.delete', id, { customerId, productId });
        return { status: 204 };
      },
    }),
  ];
}
