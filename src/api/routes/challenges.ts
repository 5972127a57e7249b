import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import type { Sealer } from '../../store/db/crypto';
import type { Database, Executor } from '../../store/db/database';
import { insertAudit } from '../../store/access/audit';
import { insertChallenge, listChallenges } from '../../store/subscriptions/challenges';
import { openPrivateSettings } from '../../store/subscriptions/private-settings';
import { currentSecrets } from '../../store/subscriptions/secrets';
import { findApprovedReceiver, lockSubscription, setVerification } from '../../store/subscriptions/subscriptions';
import type { ChallengeOutcome, ChallengeSender, Settlement } from '../ports';
import { FairBound } from '../../domain/fair-bound';
import { tenantOf } from '../../domain/fairness';
import { notFound, Problem } from '../../domain/problems';
import { receiverAccessOf } from '../../domain/receiver-access';
import type { Subscription } from '../../domain/types';
import type { LimitMetrics } from '../../process/limit-metrics';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest, timestamp } from '../schemas/schemas';
import { subscriptionOf } from '../subscriptions/lookup';

const params = z.object({ id: z.string() });
/** Challenges of one process that wait for a receiver. A lone tenant may have half of them. */
const MAX_IN_FLIGHT = 200;

const ROTATED = 'the secret was rotated before the response: send another challenge';

/** The outcome of a challenge, with the secrets that signed when it was sent, the current first. */
type Answered = ChallengeOutcome & { secrets: readonly string[] };

const challengeSchema = z
  .object({
    id: z.string(),
    status: z.enum(['verified', 'failed']),
    responseStatus: z.int().nullable().describe('null if there was no response.'),
    detail: z.string().describe('Explanation of the outcome.'),
    durationMs: z.int(),
    at: timestamp,
  })
  .meta({ id: 'Challenge' });

/** Challenges: the receiver proves that it knows the secret of the subscription. */
export function challengeRoutes({
  db,
  sealer,
  challengeSender,
  settlement,
  limitMetrics,
}: {
  db: Database;
  sealer: Sealer;
  challengeSender: ChallengeSender;
  settlement: Settlement;
  limitMetrics: LimitMetrics;
}): Route[] {
  /** Subscriptions with a challenge in flight in this process. */
  const inFlight = new Set<string>();
  const held = new FairBound(MAX_IN_FLIGHT);

  /**
   * @throws Problem too-many-requests if there is one for the subscription already, or the tenant
   *   has its share of all
   */
  async function inTurn<T>(id: string, tenant: string, work: () => Promise<T>): Promise<T> {
    if (inFlight.has(id)) throw tooMany('A challenge of this subscription is in flight. Wait for its outcome.');
    if (!held.hasRoom(tenant, 1)) throw tooMany('Too many challenges of this tenant are in flight. Retry later.');
    inFlight.add(id);
    held.take(tenant, 1);
    limitMetrics.challengesInFlight.set(inFlight.size);
    try {
      return await work();
    } finally {
      inFlight.delete(id);
      held.giveBack(tenant, 1);
      limitMetrics.challengesInFlight.set(inFlight.size);
    }
  }

  const secretsOf = async (executor: Executor, id: string) =>
    (await currentSecrets(executor, sealer, id)).map(({ secret }) => secret);

  /** Sends a challenge, and says which secrets signed when it was sent. */
  async function challenge({ id, url, customerId, privateSettings }: Subscription): Promise<Answered> {
    const secrets = await secretsOf(db, id);
    const access = receiverAccessOf(openPrivateSettings(sealer, id, privateSettings));
    return { secrets, ...(await challengeSender.challenge({ subscriptionId: id, url, secrets, access, customerId })) };
  }

  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/challenge',
      summary: 'Send a challenge',
      description:
        'Sends a GET with a random `crc_token` and checks the response. Takes up to 10 seconds. A subscription has at most one challenge in flight and 10 in a minute. Its URL must be approved, whoever asks: a challenge goes only where deliveries may. If it passes, notifications that were held for a missing verification are released.',
      tag: 'Challenges',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 200: { description: 'The outcome', schema: challengeSchema } },
      problems: ['not-found', 'url-not-approved'],
      // The handler waits for the receiver outside any transaction.
      ownTransaction: true,
      async handle(context) {
        const { id: subscriptionId } = await subscriptionOf(context, context.params.id);
        const receiver = await findApprovedReceiver(db, subscriptionId);
        if (receiver === undefined)
          throw new Problem(
            'url-not-approved',
            'The URL, or the token URL, is not on the allow-list. Ask an admin to approve it, then send the challenge.',
          );
        // Read after the revision: a change in between makes the outcome count for nothing.
        const subscription = await subscriptionOf(context, subscriptionId);
        const outcome = await inTurn(subscription.id, tenantOf(context.principal), async () => {
          await context.admit('subscriptionChallenges', subscription.id);
          await context.admit('challenges', subscription.customerId);
          return challenge(subscription);
        });
        const recorded = await db.transaction(async (executor) => {
          // It may have been deleted meanwhile, or its customer is being erased.
          if (!(await lockSubscription(executor, subscription.id, {}))) throw notFound('subscription');
          const { status, detail, counts } = judge(outcome, await secretsOf(executor, subscription.id));
          const row = await insertChallenge(executor, subscription.id, { ...outcome, status, detail });
          if (counts) await setVerification(executor, subscription.id, receiver, status);
          const { id, customerId, productId } = subscription;
          const facts = { customerId, productId, detail: { status } };
          await insertAudit(executor, context.actor(), 'subscription.challenge', id, facts);
          const marked = await settlement.mark(executor, { subscriptionId: subscription.id });
          if (marked.length > 0) context.afterCommit(() => settlement.start(marked));
          return row;
        });
        return { status: 200, body: recorded };
      },
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/challenges',
      summary: "List a subscription's challenges",
      tag: 'Challenges',
      roles: CUSTOMER_READERS,
      params,
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(challengeSchema) } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await subscriptionOf(context, context.params.id);
        return { status: 200, body: await listChallenges(context.db, id, pageRequest(context.query, isUuid)) };
      },
    }),
  ];
}

/**
 * An answer belongs to the secrets with which the challenge was sent. After a rotation, one that
 * proves a secret which no longer signs verifies nothing, and one that proves none says nothing
 * about the new secret.
 *
 * @param current - the secrets that sign now, in a transaction that excludes a rotation
 */
function judge({ secret, secrets, detail }: Answered, current: readonly string[]) {
  if (secret !== null && current.includes(secret)) return { status: 'verified', detail, counts: true } as const;
  const counts = current[0] === secrets[0];
  return { status: 'failed', detail: counts ? detail : ROTATED, counts } as const;
}

function tooMany(detail: string): Problem {
  return new Problem('too-many-requests', detail, { headers: { 'retry-after': '10' } });
}
