import { decodeId, newUuid } from '../../domain/ids';
import {
  EXHAUSTED_EVENT,
  FAILING_EVENT,
  OUT_OF_ORDER_EVENT,
  OWN_PRODUCT,
  RECOVERED_EVENT,
  SECRET_REVEALED_EVENT,
  type OperationalRules,
} from '../../domain/operational-events';
import type { Executor } from '../db/database';

/**
 * Raising an operational event: a row in `operational_outbox`, in the commit of the change that it
 * reports. Who gets the event is decided when it is published, away from deliveries.
 */

export const RFC_3339 = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** The level of a subscription that is out of order. */
const OUT_OF_ORDER_LEVEL = 100;

/**
 * SQL: whether a subscription `s` of a customer `c` is one of the operators themselves. Their
 * failures raise no events, which would go to the receiver that fails.
 */
export const IS_OPERATORS = `coalesce(s.product_id, c.product_id, '') = '${OWN_PRODUCT}'`;

/**
 * Part of the statement that disables a subscription. Reads `marked m` with `id`, `period`,
 * `success_attempt_id` and `facts`.
 */
export const RAISE_OUT_OF_ORDER = `noted as (
  insert into operational_states as o (kind, subscription_id, level, period, success_attempt_id)
  select 'failing', m.id, ${OUT_OF_ORDER_LEVEL}, m.period, m.success_attempt_id from marked m where not m.operators
  on conflict (kind, subscription_id) do update set level = excluded.level, period = excluded.period,
    success_attempt_id = excluded.success_attempt_id, changed_at = now()
),
raised as (
  insert into operational_outbox (key, type, subscription_id, facts)
  select 'out-of-order ' || m.id, '${OUT_OF_ORDER_EVENT}', m.id, m.facts from marked m where not m.operators
  on conflict (key) do update set facts = excluded.facts, raised_at = excluded.raised_at
)`;

/**
 * Part of a statement that closes notifications. Adds the first failed one of each subscription.
 *
 * @param failed - a query of `id`, `subscription_id`, `attempts`, `reason` and `product_id`
 */
export const raiseExhausted = (failed: string) => `exhausted as (
  insert into operational_outbox (key, type, subscription_id, is_news, facts)
  select distinct on (f.subscription_id) 'exhausted ' || f.subscription_id, '${EXHAUSTED_EVENT}', f.subscription_id, false,
    json_build_object('notification', f.id, 'attempts', f.attempts, 'reason', f.reason)
  from (${failed}) f where f.product_id <> '${OWN_PRODUCT}'
  -- The same order in every process, so that two of them cannot wait for each other.
  order by f.subscription_id, f.id
  on conflict (key) do nothing
)`;

/** SQL: how much of its out-of-order rule a subscription `s` with statistics `t` has fulfilled. */
const PERCENT = `floor(100 * least(1, t.period_failures::float8 / s.out_of_order_min_failures,
  case when s.out_of_order_after_seconds = 0 then 1
    else extract(epoch from now() - t.period_failing_since) / s.out_of_order_after_seconds end))`;

/**
 * SQL: the highest level that a subscription `s` with statistics `t` has reached, or null.
 *
 * @param levels - a parameter: the configured percentages
 */
export const failingLevel = (levels: string) =>
  `(select max(l) from unnest(${levels}::smallint[]) l where l <= ${PERCENT})`;

/**
 * SQL: whether a level is news. Within a period only a higher one is. A state that ended is not
 * reported again within the quiet time, nor one of another period.
 *
 * @param level - the level that was reached
 * @param period - the current period
 */
export const isNews = (level: string, period: string, quietSeconds: string) =>
  `case when o.level > 0 and o.period = ${period} then ${level} > o.level else o.changed_at <= now() - make_interval(secs => ${quietSeconds}) end`;

const RAISE_FAILING = `
with reached as (
  select s.id, s.failure_period as period, ${failingLevel('$2')} as level, t.last_success_attempt_id,
    json_build_object('failures', t.period_failures, 'failingSince', to_char(t.period_failing_since at time zone 'UTC', ${RFC_3339}),
      'rule', json_build_object('afterSeconds', s.out_of_order_after_seconds, 'minFailures', s.out_of_order_min_failures)) as facts
  from subscriptions s join customers c on c.id = s.customer_id join subscription_attempt_statistics t on t.subscription_id = s.id
  where s.id = $1 and s.out_of_order_at is null and s.deleted_at is null and t.period = s.failure_period and t.period_failures > 0 and not ${IS_OPERATORS}
),
turned as (
  insert into operational_states as o (kind, subscription_id, level, period, success_attempt_id)
  select 'failing', id, level, period, last_success_attempt_id from reached where level is not null
  on conflict (kind, subscription_id) do update set level = excluded.level, period = excluded.period,
    success_attempt_id = excluded.success_attempt_id, changed_at = now()
  where ${isNews('excluded.level', 'excluded.period', '$3')}
  returning subscription_id, level
)
insert into operational_outbox (key, type, subscription_id, facts)
select 'failing ' || r.id, '${FAILING_EVENT}', r.id, (jsonb_build_object('percent', n.level) || r.facts::jsonb)::json
from turned n join reached r on r.id = n.subscription_id
on conflict (key) do update set facts = excluded.facts, raised_at = excluded.raised_at`;

/**
 * Raises the event that a subscription is failing, if its level is news. Two processes that find
 * the same level raise one event.
 */
export async function raiseFailing(
  db: Executor,
  subscriptionId: string,
  { failingPercents, quietSeconds }: Pick<OperationalRules, 'failingPercents' | 'quietSeconds'>,
): Promise<void> {
  await db.query({
    name: 'raise-failing',
    text: RAISE_FAILING,
    values: [decodeId('sub', subscriptionId), failingPercents, quietSeconds],
  });
}

/**
 * Raises the event that a secret was read. Call it before the secret is shown: then nobody reads
 * one without the event.
 */
export async function raiseSecretRevealed(
  db: Executor,
  subscriptionId: string,
  by: { id: string; name: string },
  how: 'api' | 'link',
): Promise<void> {
  await db.query({
    text: `insert into operational_outbox (key, type, subscription_id, facts) values ('revealed ' || $1, $2, $3, $4)`,
    values: [
      newUuid(),
      SECRET_REVEALED_EVENT,
      decodeId('sub', subscriptionId),
      JSON.stringify({ by: { id: by.id, name: by.name }, how }),
    ],
  });
}

/**
 * Raises the events of subscriptions that received a delivery after they were reported as failing
 * or out of order. Reads only those that were reported.
 */
export async function raiseRecovered(db: Executor): Promise<void> {
  await db.query({
    text: `with recovered as (
             select o.subscription_id, o.level
             from operational_states o
             join subscriptions s on s.id = o.subscription_id
             join subscription_attempt_statistics t on t.subscription_id = o.subscription_id
             where o.kind = 'failing' and o.level > 0 and s.deleted_at is null and t.period = s.failure_period and t.period_success_at is not null
               and t.last_success_attempt_id is distinct from o.success_attempt_id
             order by o.subscription_id for no key update of o skip locked
           ),
           turned as (
             update operational_states o set level = 0, changed_at = now() from recovered r
             where o.kind = 'failing' and o.subscription_id = r.subscription_id
           )
           insert into operational_outbox (key, type, subscription_id, facts)
           select 'recovered ' || subscription_id, '${RECOVERED_EVENT}', subscription_id,
             json_build_object('was', case when level = ${OUT_OF_ORDER_LEVEL} then 'out-of-order' else 'failing' end, 'percent', level)
           from recovered
           on conflict (key) do nothing`,
  });
}
