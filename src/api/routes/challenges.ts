import { z } from 'zod';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { insertAudit } from '../../store/access/audit';
import { insertChallenge, listChallenges } from '../../store/subscriptions/challenges';
import { currentSecrets } from '../../store/subscriptions/secrets';
import { setVerification } from '../../store/subscriptions/subscriptions';
import type { Challenger, Settler } from '../ports';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { isUuidKey, pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';
import { subscriptionOf } from '../subscriptions/lookup';

const params = z.object({ id: z.string() });

const challenge = z
  .object({
    id: z.string(),
    status: z.enum(['verified', 'failed']),
    responseStatus: z.int().nullable(),
    detail: z.string(),
    durationMs: z.int(),
    at: timestamp,
  })
  .meta({ id: 'Challenge' });

/** Proving that a URL belongs to the one who has the secret. */
export function challengeRoutes({
  db,
  sealer,
  challenger,
  settler,
}: {
  db: Database;
  sealer: Sealer;
  challenger: Challenger;
  settler: Settler;
}): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/challenge',
      summary: 'Send a challenge now',
      description: 'Takes up to 10 seconds. A passed one releases what was held for want of it.',
      tag: 'Challenges',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 200: { description: 'What came of it', schema: challenge } },
      problems: ['not-found'],
      // The receiver is waited for outside any transaction.
      ownTransaction: true,
      async handle(context) {
        const subscription = await subscriptionOf(context, context.params.id);
        const secrets = await currentSecrets(db, sealer, subscription.id);
        const outcome = await challenger.challenge(
          subscription.url,
          secrets.map(({ secret }) => secret),
        );
        const status = outcome.verified ? 'verified' : 'failed';
        const recorded = await db.transaction(async (executor) => {
          const row = await insertChallenge(executor, subscription.id, { status, ...outcome });
          await setVerification(executor, subscription.id, subscription.url, status);
          await insertAudit(executor, context.principal, 'subscription.challenge', subscription.id, { status });
          const marked = await settler.mark(executor, { subscriptionId: subscription.id });
          if (marked.length > 0) context.afterCommit(() => settler.start(marked));
          return row;
        });
        return { status: 200, body: recorded };
      },
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/challenges',
      summary: 'List challenges',
      tag: 'Challenges',
      roles: CUSTOMER_READERS,
      params,
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(challenge) } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await subscriptionOf(context, context.params.id);
        return { status: 200, body: await listChallenges(context.db, id, pageRequest(context.query, isUuidKey)) };
      },
    }),
  ];
}
