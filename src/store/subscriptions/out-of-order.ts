import { decodeId, newUuid } from '../../domain/ids';
import type { OperationalRules } from '../../domain/operational-events';
import type { Executor } from '../db/database';
import { failingLevel, IS_OPERATORS, isNews, RAISE_OUT_OF_ORDER, raiseFailing, RFC_3339 } from '../operational/raising';
import { holdLinedUp } from './settling';

/**
 * Condition of the out-of-order rule: a number of failures in a row, and a time since the first of
 * them, all in the current period. Enabling the subscription, and a change of its URL or access,
 * begin a new one. A rule of nulls never applies.
 */
const IS_FAILING = `t.period = s.failure_period and t.period_failures >= s.out_of_order_min_failures
  and t.period_failing_since <= now() - make_interval(secs => s.out_of_order_after_seconds)`;

/** Whether the last attempts to a subscription failed, in the current period. */
export async function isFailing(db: Executor, subscriptionId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `select from subscription_attempt_statistics t join subscriptions s on s.id = t.subscription_id
           where s.id = $1 and t.period = s.failure_period and t.period_failures > 0`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 1;
}

/** The actor of what the service does by itself, in the audit log. */
const SERVICE_ACTOR = 'signpost';

/**
 * Marks the subscription as out of order, records that in the audit log, and raises the operational
 * event about it, in one statement.
 */
const MARK = `
with marked as (
  update subscriptions s set out_of_order_at = now(), modified_at = now(),
    out_of_order_reason = coalesce($2, t.period_failures || ' failures and no success since ' || to_char(t.period_failing_since at time zone 'UTC', ${RFC_3339}))
  from (select $1::uuid as id) given left join subscription_attempt_statistics t on t.subscription_id = given.id, customers c
  where s.id = given.id and c.id = s.customer_id and s.out_of_order_at is null and s.deleted_at is null
    and ($4::bigint is null or s.failure_period = $4) and ($2::text is not null or (${IS_FAILING}))
  returning s.id, s.customer_id, coalesce(s.product_id, c.product_id) as product_id, c.erasing, s.out_of_order_reason, s.failure_period as period,
    t.last_success_attempt_id as success_attempt_id, ${IS_OPERATORS} as operators,
    json_build_object('reason', s.out_of_order_reason, 'failuresSinceLastSuccess', coalesce(t.failures_since_success, 0)) as facts
),
audited as (
  insert into audit (id, actor_id, actor_name, action, object, product_id, customer_id, detail, changes)
  select $5::uuid, '${SERVICE_ACTOR}', 'Signpost', 'subscription.out-of-order', $3::text, m.product_id, m.customer_id,
    jsonb_build_object('reason', m.out_of_order_reason), '{"status":{"from":"enabled","to":"out-of-order"}}'::jsonb
  from marked m where not m.erasing
),
${RAISE_OUT_OF_ORDER}
select from marked`;

/**
 * Disables a subscription automatically, for example after a 410. Its notifications are held until
 * it is enabled.
 *
 * @param failurePeriod - in which the attempt began: its response says nothing about another URL,
 *   to which the subscription was changed meanwhile, nor about a receiver that was repaired
 * @returns false if it was out of order already, or is in another period
 */
export function markOutOfOrder(
  db: Executor,
  subscriptionId: string,
  reason: string,
  failurePeriod?: number,
): Promise<boolean> {
  return mark(db, subscriptionId, reason, failurePeriod);
}

/**
 * Disables a subscription automatically if its out-of-order rule applies: nothing was delivered for
 * too long. Reports it to operators before that, when it has fulfilled a part of the rule.
 *
 * @returns false if the rule does not apply, or if it was out of order already
 */
export async function markOutOfOrderIfFailing(
  db: Executor,
  subscriptionId: string,
  rules: Pick<OperationalRules, 'failingPercents' | 'quietSeconds'>,
): Promise<boolean> {
  // This check runs after every failure and is almost always negative. It is cheaper than the whole
  // statement.
  const { rows } = await db.query<{ failing: boolean }>({
    name: 'is-failing',
    text: IS_FAILING_OR_REACHES_LEVEL,
    values: [decodeId('sub', subscriptionId), rules.failingPercents, rules.quietSeconds],
  });
  if (!rows[0]) return false;
  if (rows[0].failing) return mark(db, subscriptionId, null);
  await raiseFailing(db, subscriptionId, rules);
  return false;
}

const IS_FAILING_OR_REACHES_LEVEL = `
select x.failing
from (
  select s.id, s.failure_period, ${IS_FAILING} as failing, ${IS_OPERATORS} as operators, ${failingLevel('$2')} as level
  from subscriptions s join customers c on c.id = s.customer_id join subscription_attempt_statistics t on t.subscription_id = s.id
  where s.id = $1 and s.out_of_order_at is null and t.period = s.failure_period and s.out_of_order_min_failures is not null
) x
left join operational_states o on o.kind = 'failing' and o.subscription_id = x.id
where x.failing or x.level is not null and not x.operators and (o.kind is null or ${isNews('x.level', 'x.failure_period', '$3')})`;

async function mark(
  db: Executor,
  subscriptionId: string,
  reason: string | null,
  failurePeriod: number | null = null,
): Promise<boolean> {
  const { rowCount } = await db.query({
    text: MARK,
    values: [decodeId('sub', subscriptionId), reason, subscriptionId, failurePeriod, newUuid()],
  });
  if (rowCount === 0) return false;
  await holdLinedUp(db, subscriptionId);
  return true;
}
