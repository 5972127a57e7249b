import { BACKLOG_EVENT, type OperationalRules } from '../../domain/operational-events';
import type { Executor } from '../db/database';

/**
 * Removes states that are over and cannot be repeated any more, and those of deleted
 * subscriptions.
 */
export async function deleteOldStates(db: Executor, quietSeconds: number): Promise<void> {
  await db.query({
    text: `delete from operational_states o
           where o.kind <> 'backlog' and (
             not exists (select from subscriptions s where s.id = o.subscription_id and s.deleted_at is null)
             or o.changed_at <= now() - make_interval(secs => $1) and (o.level = 0 or o.kind = 'exhausted' and exists (
               select from subscription_attempt_statistics t
               where t.subscription_id = o.subscription_id and t.last_success_attempt_id is distinct from o.success_attempt_id)))`,
    values: [quietSeconds],
  });
}

const INSTALLATION = '00000000-0000-0000-0000-000000000000';

/**
 * Compares the backlog with its threshold. Raises an event when it gets high. It is high until it
 * falls to half of the threshold, so a backlog at the threshold raises one event.
 */
export async function noteBacklog(
  db: Executor,
  { count, oldestOpenedAt }: { count: number; oldestOpenedAt: Date | null },
  { backlogNotifications, quietSeconds }: Pick<OperationalRules, 'backlogNotifications' | 'quietSeconds'>,
): Promise<void> {
  const isHigh = count >= backlogNotifications;
  if (!isHigh && count > backlogNotifications / 2) return;
  await db.query({
    text: isHigh
      ? `with turned as (
           insert into operational_states as o (kind, subscription_id, level) values ('backlog', $1, 1)
           on conflict (kind, subscription_id) do update set level = 1, changed_at = now()
           where o.level = 0 and o.changed_at <= now() - make_interval(secs => $2)
           returning 1
         )
         insert into operational_outbox (key, type, facts) select 'backlog', $3, $4::json from turned on conflict (key) do nothing`
      : `update operational_states set level = 0, changed_at = now() where kind = 'backlog' and subscription_id = $1 and level = 1`,
    values: isHigh
      ? [
          INSTALLATION,
          quietSeconds,
          BACKLOG_EVENT,
          JSON.stringify({ pending: count, threshold: backlogNotifications, oldestPendingAt: oldestOpenedAt }),
        ]
      : [INSTALLATION],
  });
}
