import type { z } from 'zod';
import { Problem, type ProblemCode } from '../../domain/problems';
import { MAX_RECOVERED, STATUSES_FOR, type RecoveryAction } from '../../domain/recovery';
import type { NotificationStatus } from '../../domain/types';
import { countRunningByFilter, insertFilterRecovery } from '../../store/notifications/filter-recoveries';
import { countMatching } from '../../store/notifications/recovery-items';
import { findSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { productOfWrite, unknownProduct } from '../auth/own-products';
import { namedCustomer } from '../customers/named-customer';
import type { Context, Reply } from '../http/route';
import type { RecoveryControl } from '../ports';
import { CANCEL_RATE_PER_SECOND, RETRY_RATE_PER_SECOND, type recoveryFilterInput } from '../schemas/recovery-schemas';

/** Recoveries by filter that one product or customer runs at the same time. */
const MAX_RUNNING = 5;
/** Those of a product together with those of its customers. */
const MAX_RUNNING_OF_PRODUCT = 20;

/** Problems of {@link startRecovery}, besides invalid input. */
export const RECOVERY_PROBLEMS: readonly ProblemCode[] = [
  'unknown-product',
  'unknown-customer',
  'unknown-subscription',
  'recovery-running',
];

interface RecoveryRequest {
  action: RecoveryAction;
  filter: z.output<typeof recoveryFilterInput>;
  ratePerSecond?: number;
  /** Only counts what matches. */
  dryRun?: boolean;
}

/**
 * Starts a recovery of what matches a filter, within the scope of the caller.
 *
 * @throws Problem validation-failed, unknown-product, unknown-customer, unknown-subscription,
 *   recovery-running
 */
export async function startRecovery(
  context: Context,
  control: RecoveryControl,
  { action, filter: given, ratePerSecond, dryRun = false }: RecoveryRequest,
): Promise<Reply> {
  const { db } = context;
  const { since: from = new Date(0), until: latest, ...filter } = given;
  const { since, until } = periodOf(from, latest, '/filter');
  const status = statusesOf(action, given.status);
  const { principal } = context;
  // Within what the caller sees. A credential of a segment has to name the product.
  const productId = productOfWrite(principal, filter.productId, '/filter/productId') ?? undefined;
  const customerId = filter.customerId ?? principal.customerId ?? undefined;
  const limited = { ...filter, productId, customerId, status };
  const owners = await ownersOf(context, limited);
  const sought = { action, filter: limited, since, until };
  const found = await countMatching(db, sought);
  if (dryRun) return { status: 200, body: found };
  if (found.exceeded)
    throw new Problem('validation-failed', `More than ${MAX_RECOVERED} notifications match. Narrow the filter.`, {
      errors: [{ path: '/filter', message: `matches more than ${MAX_RECOVERED} notifications` }],
    });
  const running = await countRunningByFilter(db, owners.productId, owners.customerId);
  if (running.own >= MAX_RUNNING || running.ofProduct >= MAX_RUNNING_OF_PRODUCT)
    throw new Problem(
      'recovery-running',
      `${Math.max(running.own, running.ofProduct)} recoveries by filter are already running. Wait for one, or cancel it.`,
    );
  const rate = ratePerSecond ?? (action === 'cancel' ? CANCEL_RATE_PER_SECOND : RETRY_RATE_PER_SECOND);
  const recovery = await insertFilterRecovery(db, { ...sought, ...owners, ratePerSecond: rate, total: found.count });
  const detail = { action, filter: limited, since, until, ratePerSecond: rate };
  await context.audit('recovery.start', recovery.id, { ...owners, detail });
  context.afterCommit(() => control.start(recovery.id));
  return { status: 202, body: recovery };
}

/**
 * The period of a recovery, which ends now at the latest.
 *
 * @param where - pointer to the period in the request
 * @throws Problem validation-failed
 */
export function periodOf(since: Date, latest: Date | undefined, where: string): { since: Date; until: Date } {
  const until = new Date(Math.min(Date.now(), latest?.getTime() ?? Infinity));
  if (since < until) return { since, until };
  throw new Problem('validation-failed', 'since must be in the past and before until.', {
    errors: [{ path: `${where}/since`, message: 'must be in the past and before until' }],
  });
}

/** @throws Problem validation-failed for a status that the action does not apply to */
function statusesOf(action: RecoveryAction, given: NotificationStatus[] | undefined): NotificationStatus[] {
  const possible = STATUSES_FOR[action];
  const wrong = given?.findIndex((status) => !possible.includes(status)) ?? -1;
  if (wrong >= 0)
    throw new Problem(
      'validation-failed',
      `Only notifications that are ${possible.join(', ')} can be ${WORD[action]}.`,
      {
        errors: [{ path: `/filter/status/${wrong}`, message: `expected ${possible.join(' or ')}` }],
      },
    );
  return given ?? (action === 'retry' ? ['failed'] : [...possible]);
}
const WORD = { retry: 'retried', cancel: 'cancelled' };

/**
 * The product and customer that a filter is limited to, who see the recovery.
 *
 * @throws Problem unknown-product, unknown-customer, unknown-subscription
 */
async function ownersOf(
  context: Context,
  { productId, customerId, subscriptionId }: { productId?: string; customerId?: string; subscriptionId?: string },
): Promise<{ productId: string | null; customerId: string | null }> {
  const { db, principal } = context;
  const customer =
    customerId === undefined ? undefined : await namedCustomer(context, customerId, '/filter/customerId');
  // Its owner sees the recovery, so nobody else's product may be named.
  if (customer && customer.productId !== null && productId !== undefined && productId !== customer.productId)
    throw unknownProduct('/filter/productId');
  const subscription =
    subscriptionId === undefined ? undefined : await findSubscription(db, subscriptionId, scopeOf(principal));
  if (subscriptionId !== undefined && !subscription)
    throw new Problem('unknown-subscription', 'The subscription does not exist or is not yours.', {
      errors: [{ path: '/filter/subscriptionId', message: 'does not exist or is not yours' }],
    });
  return {
    productId: productId ?? subscription?.productId ?? customer?.productId ?? null,
    customerId: customerId ?? subscription?.customerId ?? null,
  };
}
