import { z } from 'zod';
import type { Sealer } from '../../store/db/crypto';
import type { Executor } from '../../store/db/database';
import { raiseSecretRevealed } from '../../store/operational/raising';
import { currentSecrets, newSecret } from '../../store/subscriptions/secrets';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Reply, type Route } from '../http/route';
import { timestamp, overlapSeconds } from '../schemas/schemas';
import { secretInput, MAX_OVERLAP_SECONDS } from '../schemas/subscription-schemas';
import type { SubscriptionService } from '../subscriptions/subscription-service';
import { lockedSubscriptionOf, subscriptionOf } from '../subscriptions/lookup';
const params = z.object({ id: z.string() });

const secret = z
  .object({
    secret: z.string(),
    createdAt: timestamp,
    previous: z
      .object({ createdAt: timestamp, expiresAt: timestamp })
      .nullable()
      .describe('The previous secret, while it also signs; null if there is none.'),
  })
  .meta({ id: 'Secret' });

/** Revealing and rotating signing secrets. */
export function secretRoutes(sealer: Sealer, service: SubscriptionService): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/secret',
      summary: "Reveal a subscription's secret",
      description:
        'The audit log records each reveal. With a session of the web UI, the sign-in must be at most 10 minutes old.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 200: { description: 'The secret', schema: secret } },
      problems: ['not-found'],
      needsRecentSignIn: true,
      async handle(context) {
        const { id, customerId, productId } = await subscriptionOf(context, context.params.id);
        await context.audit('secret.reveal', id, { customerId, productId });
        await raiseSecretRevealed(context.db, id, context.actor(), 'api');
        return secretReply(context.db, sealer, id);
      },
    }),
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/secret/rotate',
      summary: "Rotate a subscription's secret",
      description:
        'Returns the new secret. The previous one also signs for `overlapSeconds`, so that the receiver can switch without downtime. Sending the current secret changes nothing.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({
        secret: secretInput.optional().describe('The new secret. Generated if absent.'),
        overlapSeconds: overlapSeconds(MAX_OVERLAP_SECONDS, 'How long the previous secret also signs, in seconds.'),
      }),
      answers: { 200: { description: 'The new secret', schema: secret } },
      problems: ['not-found'],
      needsRecentSignIn: true,
      async handle(context) {
        const subscription = await lockedSubscriptionOf(context, context.params.id);
        const { secret: given, overlapSeconds } = context.body;
        await service.rotateSecret(context, subscription, newSecret(given), overlapSeconds);
        return secretReply(context.db, sealer, subscription.id);
      },
    }),
  ];
}

async function secretReply(db: Executor, sealer: Sealer, subscriptionId: string): Promise<Reply> {
  const [current, previous] = await currentSecrets(db, sealer, subscriptionId);
  return {
    status: 200,
    body: {
      secret: current!.secret,
      createdAt: current!.createdAt,
      previous: previous ? { createdAt: previous.createdAt, expiresAt: previous.expiresAt } : null,
    },
  };
}
