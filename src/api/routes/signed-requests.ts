import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { standardSignature, triggerToken } from '../../domain/signing';
import { HTTP_METHODS } from '../../domain/types';
import type { Sealer } from '../../store/db/crypto';
import { findAttempt } from '../../store/notifications/attempts';
import { findNotification } from '../../store/notifications/notifications';
import { currentSecrets } from '../../store/subscriptions/secrets';
import { privateSigningKeys } from '../../store/subscriptions/signing-keys';
import { findSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';
import { shownAttempt } from '../subscriptions/private-settings';

/** How long receivers accept a timestamp (Standard Webhooks). */
const TOLERANCE_SECONDS = 300;

const signedRequest = z
  .object({
    method: z.enum(HTTP_METHODS),
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe('Signed now. Values that are likely secrets stay masked.'),
    body: z.string().nullable().describe('As the attempt sent it, but secrets are masked; null if there was no body.'),
    validUntil: timestamp.describe('Until when receivers accept the timestamp, at a tolerance of 5 minutes.'),
  })
  .meta({ id: 'SignedRequest' });

/** Signs the request of an attempt again, to send it manually to a receiver that verifies it. */
export function signedRequestRoutes(sealer: Sealer): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/attempts/:id/signed-request',
      summary: "Sign an attempt's request again",
      description:
        "Returns the request of the attempt with a new timestamp and new signatures by the subscription's current secrets, to send it manually while debugging a receiver. Sends nothing. The audit log records each call.",
      tag: 'Notifications',
      roles: WRITERS,
      needsRecentSignIn: true,
      params: z.object({ id: z.string() }),
      body: z.strictObject({}),
      answers: { 200: { description: 'The signed request', schema: signedRequest } },
      problems: ['not-found', 'payload-expired'],
      answerIsOpen: true,
      async handle(context) {
        const { db, principal, params, audit } = context;
        const scope = scopeOf(principal);
        const attempt = await findAttempt(db, params.id, scope);
        const notification = attempt && (await findNotification(db, attempt.notificationId, scope));
        if (!attempt || !notification) throw notFound('attempt');
        const subscription = await findSubscription(db, notification.subscriptionId, scope);
        if (!subscription) throw notFound('subscription');
        const { request } = shownAttempt(principal, attempt);
        const webhookId = request.headers['webhook-id'];
        if (attempt.payloadExpired || webhookId === undefined)
          throw new Problem('payload-expired', 'The request of the attempt is no longer stored, or was never sent.');
        const secrets = (await currentSecrets(db, sealer, subscription.id)).map(({ secret }) => secret);
        const timestampSeconds = Math.floor(Date.now() / 1000);
        const headers: Record<string, string> = {
          ...request.headers,
          'webhook-timestamp': String(timestampSeconds),
          'webhook-signature': standardSignature(
            { id: webhookId, timestampSeconds, body: request.body ?? '' },
            secrets,
            await privateSigningKeys(db, sealer, subscription.id),
          ),
        };
        if (subscription.format === 'trigger' && request.body !== null)
          headers.authorization = `Bearer ${triggerToken(request.body, secrets[0]!, timestampSeconds + subscription.timeoutSeconds)}`;
        await audit('attempt.sign', attempt.id, notification);
        const validUntil = new Date((timestampSeconds + TOLERANCE_SECONDS) * 1000);
        return { status: 200, body: { ...request, headers, validUntil } };
      },
    }),
  ];
}
