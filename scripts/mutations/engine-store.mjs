/** The delivery engine's own store: accepting, claiming, recording, settling, recovering. */
import { mutationsOf } from '../mutation.mjs';

const store = (...names) => names.map((name) => `test/store/${name}.test.ts`);
const CLAIMS_TEST = store('notifications/claims');
const OVERDUE_TEST = store('notifications/overdue');
const OVERLAPS_TEST = store('subscriptions/overlaps');

export default [
  ...mutationsOf('src/store/notifications/accept-statement.ts', CLAIMS_TEST, [
    [
      'A13',
      'the claim is too short by the wait for a turn',
      'then now() + make_interval(secs => timeout_seconds + ${HEAD_START_WAIT_SECONDS})',
      'then now() + make_interval(secs => timeout_seconds)',
    ],
    [
      'A6',
      'the first attempt is claimed while the subscription settles',
      "status = 'enabled' and settling_since is null and rate_limit_per_second is null",
      "status = 'enabled' and rate_limit_per_second is null",
    ],
    ['A7', 'the first attempt is claimed in the slow lane', ' and (slow_until is null or slow_until <= now())', ''],
    ['A8', 'the lane of an accepted notification ignores slow_until', ' or slow_until > now() then', ' then'],
    [
      'N1',
      'the first attempt of a disabled subscription is claimed',
      "status = 'enabled' and settling_since is null and rate_limit_per_second is null",
      'settling_since is null and rate_limit_per_second is null',
    ],
    ['N2', 'the reconciler comes while a head start may still be sending', 'coalesce(claimed_until, now())', 'now()'],
    [
      'N3',
      'a subscription that left the slow lane is never claimed again',
      '(slow_until is null or slow_until <= now())',
      'slow_until is null',
    ],
  ]),
  ...mutationsOf(
    'src/store/notifications/accept-statement.ts',
    store('notifications/accept-to-all', 'notifications/accept'),
    [
      [
        'A10',
        'an event to all reaches customers of every product',
        'join customers c on c.product_id is null or c.product_id = f.owner',
        'join customers c on true',
      ],
      [
        'N4',
        'an event reaches subscriptions that are bound to another product',
        '(product_id is null or product_id = owner)',
        'true',
      ],
      [
        'N5',
        'an event may name a customer of another product',
        ' and (c.product_id is null or c.product_id = t.product_id)',
        '',
      ],
      ['N6', 'events for one customer reach everybody in a mixed batch', '  where f.customer_id is null`', '  `'],
    ],
  ),
  ...mutationsOf('src/store/notifications/claims.ts', CLAIMS_TEST, [
    ['R17', 'a notification that was opened again counts as never attempted', ' and n.opened_at = n.created_at', ''],
    [
      'R19',
      'an unattempted notification is claimed despite a rate limit',
      'and s.rate_limit_per_second is null and',
      'and',
    ],
    [
      'EC1',
      'claims of a dead process are not ended',
      'set claimed_until = null, reconcile_after = now()',
      'set claimed_until = claimed_until',
    ],
    ['N7', 'a process does not renew its own claim', 'n.claimed_by = $2 or ', ''],
    ['N8', 'lapsed claims are never taken', ' or n.claimed_until <= now())', ')'],
    ['N9', 'claims that lapsed long ago are ended again', ' and claimed_until > now()', ''],
    [
      'N10',
      'failed head starts of a dead process are not found',
      " or last_attempt_key like '${HEAD_START_PREFIX}%')`",
      ')`',
    ],
    [
      'N11',
      'a head start that failed for good gets no workflow from its burst',
      "n.status in ('retrying', 'failed')",
      "n.status = 'retrying'",
    ],
    ['N12', 'a cancelled notification counts as never attempted', "n.status = 'pending' and ", ''],
    ['N13', 'a claim in the slow lane is renewed', ' and s.timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS}', ''],
  ]),
  ...mutationsOf('src/store/notifications/overdue.ts', OVERDUE_TEST, [
    ['R6', 'two sweeps wait for each other instead of sharing the work', ' for update skip locked', ''],
    [
      'N14',
      'a sweep does not begin with the longest overdue',
      'order by reconcile_after limit',
      'order by id desc limit',
    ],
    [
      'N15',
      'a notification that was looked at is looked at again immediately',
      'now() + make_interval(secs => $2)',
      'now()',
    ],
  ]),
  ...mutationsOf('src/store/notifications/notification-refs.ts', OVERDUE_TEST, [
    ['N16', 'a workflow that is lost begins its ladder at the first step', 'n.attempt_count - n.ladder_base', '0'],
    ['N17', 'a new ladder goes on where the last one ended', 'n.attempt_count - n.ladder_base', 'n.attempt_count'],
    ['N18', 'a lost workflow of a slow subscription is started in the fast lane', ' or s.slow_until > now()', ''],
  ]),
  ...mutationsOf('src/store/notifications/reopen.ts', store('notifications/reopen', 'notifications/overdue'), [
    ['N19', 'the steps before a retry count for its ladder', 'ladder_base = n.attempt_count, ', ''],
    [
      'N20',
      'a cancelled notification cannot be opened again',
      "('failed', 'cancelled', 'delivered')",
      "('failed', 'delivered')",
    ],
    ['N21', 'a retry is noted for a notification that is not waiting', " and status = 'retrying'`", '`'],
    ['N22', 'the reconciler ignores a retry', ", reconcile_after = now() + interval '30 seconds', retry", ', retry'],
  ]),
  ...mutationsOf('src/store/notifications/record-attempts.ts', store('notifications/record-attempts'), [
    [
      'D1',
      'an attempt is recorded as often as it is reported',
      ' and n.last_attempt_key is distinct from i.attempt_key',
      '',
    ],
    [
      'D3',
      'a cancelled notification keeps a next attempt',
      "case when n.status = 'cancelled' then null else i.next_attempt_at end",
      'i.next_attempt_at',
    ],
    [
      'D4',
      'a cancelled notification stays on the list of the reconciler',
      "      when n.status = 'cancelled' then null\n",
      '',
    ],
    [
      'D12',
      'a waiting notification has a finishing time',
      "case when i.outcome = 'retrying' and n.status <> 'cancelled' then null else i.finished_at end",
      'i.finished_at',
    ],
    [
      'N23',
      'a head start that delivered stays on the list of the reconciler',
      "when i.outcome <> 'delivered' and i.attempt_key like",
      'when i.attempt_key like',
    ],
    [
      'N24',
      'a notification that was delivered after a cancellation stays cancelled',
      "when n.status = 'cancelled' and i.outcome <> 'delivered' then",
      "when n.status = 'cancelled' then",
    ],
    [
      'N25',
      'a cancelled notification is opened by a late failure',
      "case when n.status = 'cancelled' and i.outcome <> 'delivered' then n.status else i.outcome end",
      'i.outcome',
    ],
    [
      'N26',
      'a cancelled notification loses its finishing time to a late failure',
      "when i.outcome = 'retrying' and n.status <> 'cancelled' then",
      "when i.outcome = 'retrying' then",
    ],
    [
      'N27',
      'a failed head start waits as long for its workflow as for its next attempt',
      "like '${HEAD_START_PREFIX}%' then now()",
      "like '${HEAD_START_PREFIX}-%' then now()",
    ],
    [
      'N28',
      'the workflow of a notification is taken for a burst',
      "case when i.workflow_id like '${BURST_PREFIX}%' then i.workflow_id end",
      'i.workflow_id',
    ],
  ]),
  ...mutationsOf(
    'src/store/notifications/count-attempts.ts',
    store('reporting/attempt-statistics', 'reporting/statistics'),
    [
      [
        'N29',
        'failures in a row go on counting over a success',
        'case when excluded.successes > 0 then 0 else c.failures_since_success end',
        'c.failures_since_success',
      ],
      [
        'N30',
        'failing since is the last failure, not the first',
        'coalesce(c.failing_since, excluded.failing_since)',
        'coalesce(excluded.failing_since, c.failing_since)',
      ],
      [
        'N31',
        'failures before a success of the same group count as after it',
        'count(*) filter (where not ok and later)',
        'count(*) filter (where not ok)',
      ],
      [
        'N32',
        'the last failure links to the first one',
        '(array_agg(attempt_id order by finished_at desc) filter (where not ok))',
        '(array_agg(attempt_id order by finished_at) filter (where not ok))',
      ],
    ],
  ),
  ...mutationsOf('src/store/notifications/transitions.ts', store('notifications/transitions'), [
    ['D8', 'a notification is held although its subscription takes deliveries again', " and s.status <> 'enabled'", ''],
    [
      'D9',
      'a hand-over leaves the check of the reconciler where the head start put it',
      ", reconcile_after = next_attempt_at + interval '${OVERDUE_SECONDS} seconds'",
      '',
    ],
    [
      'D10',
      'a cancelled notification shows as delivering',
      "           where id = $1 and status not in ('delivered', 'cancelled')`",
      "           where id = $1 and status <> 'delivered'`",
    ],
    [
      'D13',
      'a delivered notification is held',
      " and n.status not in ('delivered', 'cancelled')`",
      " and n.status <> 'cancelled'`",
    ],
    [
      'D13b',
      'a cancelled notification is held',
      " and n.status not in ('delivered', 'cancelled')`",
      " and n.status <> 'delivered'`",
    ],
    [
      'N33',
      'a hand-over renames an attempt that was recorded since',
      'where id = $1 and last_attempt_key = $2`',
      'where id = $1 and $2::text is not null`',
    ],
    ['N34', 'a burst still counts as the workflow after a hand-over', 'burst_id = null, ', ''],
    ['N35', 'a held notification cannot be cancelled', "'retrying', 'held')\n", "'retrying')\n"],
    ['N36', 'the wish for a retry outlives the retry', 'retry_asked = false, ', ''],
    [
      'N37',
      'a cancelled notification stays on the list of the reconciler after the call',
      "set status = 'cancelled', next_attempt_at = null, reconcile_after = null,",
      "set status = 'cancelled', next_attempt_at = null,",
    ],
  ]),
  ...mutationsOf(
    'src/store/notifications/load-deliveries.ts',
    ['test/attempts/attempt-runner.test.ts'],
    [
      [
        'N38',
        'a lapsed claim is waited for',
        'case when n.claimed_until > now() then n.claimed_by end as claimed_by',
        'n.claimed_by',
      ],
    ],
  ),
  ...mutationsOf('src/store/notifications/delivery-subscription.ts', OVERLAPS_TEST, [
    [
      'SK1',
      'an old signing key signs for ever',
      'case when ${s}.old_signing_key_until > now() then ${s}.old_signing_key end as old_signing_key',
      '${s}.old_signing_key',
    ],
    ['N39', 'an old secret signs for ever', ' and (expires_at is null or expires_at > now())', ''],
    [
      'N40',
      'the old secret comes before the new one',
      'array_agg(ciphertext order by newest desc, created_at desc)',
      'array_agg(ciphertext order by newest, created_at desc)',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/signing-keys.ts', OVERLAPS_TEST, [
    [
      'SK1b',
      'an old signing key is shown as one that signs',
      'case when old_signing_key_until > now() then old_signing_key end as old_signing_key',
      'old_signing_key',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/secrets.ts', OVERLAPS_TEST, [
    ['N41', 'an old secret counts as current for ever', ' and (expires_at is null or expires_at > now())', ''],
    [
      'N42',
      'a third secret signs after two quick rotations',
      'where subscription_id = $1 and expires_at is not null',
      'where subscription_id = $1 and expires_at < now()',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/settling.ts', store('subscriptions/settling'), [
    [
      'S1',
      'a settling is cleared although it was marked again meanwhile',
      "and date_trunc('milliseconds', settling_since) is not distinct from $2::timestamptz",
      'and ($2::timestamptz is null or true)',
    ],
    ['S3', 'a cancelled notification is released', "where id = $1 and status = 'held'`", 'where id = $1`'],
    [
      'S6',
      'settling one product marks the subscriptions of every product',
      'and ($2::text is null or coalesce(',
      'and ($2::text is null or true or coalesce(',
    ],
    ['N43', 'a disabled subscription settles', " where t.id = s.id and t.status = 'enabled')", ' where t.id = s.id)'],
    [
      'N44',
      'a subscription without a product is not settled with the product of its customer',
      'coalesce(s.product_id, (select product_id from customers where id = s.customer_id))',
      's.product_id',
    ],
    [
      'N45',
      'a deleted subscription leaves an attempt under way uncancelled',
      "s.id and n.status in ('pending', 'delivering', 'retrying', 'held'))",
      "s.id and n.status in ('pending', 'retrying', 'held'))",
    ],
    ['N46', 'a subscription that settles is taken for one with forgotten holds', ' and s.settling_since is null`', '`'],
    ['N47', 'held notifications are released in reverse', 'order by n.id limit $2', 'order by n.id desc limit $2'],
    [
      'N48',
      'a release does not wait for an attempt that is under way',
      "status not in ('pending', 'delivering') as moved",
      "status <> 'pending' as moved",
    ],
    [
      'N49',
      'a settling is picked up before its time',
      'where settling_since < now() - make',
      'where settling_since < now() + make',
    ],
    [
      'N50',
      'the hold of one subscription only is found',
      'from holding h where h.subscription_id is not null',
      'from holding h where h.subscription_id is null',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/limits.ts', store('subscriptions/limits'), [
    [
      'N51',
      'every slow attempt writes the row of its subscription',
      " and (slow_until is null or slow_until < now() + interval '${SLOW_LANE_SECONDS / 2} seconds')",
      '',
    ],
    [
      'N52',
      'a subscription that stays slow leaves the slow lane in between',
      "slow_until < now() + interval '${SLOW_LANE_SECONDS / 2} seconds'",
      'slow_until < now()',
    ],
    [
      'N53',
      'a rate limit saves slots up over a pause',
      'greatest(rate_next_at, now())',
      'coalesce(rate_next_at, now())',
    ],
    ['N54', 'a slot is not free at its time', 'rate_next_at <= now())', 'rate_next_at < now())'],
  ]),
  ...mutationsOf(
    'src/store/subscriptions/out-of-order.ts',
    store('subscriptions/out-of-order-followers', 'subscriptions/out-of-order'),
    [
      ['O3', 'operators who listen to certain channels are notified as well', " and s.channels = '{}'", ''],
      ['O4', 'a deleted subscription goes out of order and raises an event', ' and s.deleted_at is null', ''],
      [
        'N55',
        'a subscription goes out of order as often as it is answered 410',
        's.id = given.id and s.out_of_order_at is null and',
        's.id = given.id and',
      ],
      ['N56', 'followers in the slow lane are notified in the fast one', '${LANE} as lane', "'fast' as lane"],
      [
        'N57',
        'subscriptions of operators raise events about themselves',
        ' and e.product_id is distinct from coalesce(m.product_id, c.product_id)',
        '',
      ],
      [
        'N58',
        'two failures fewer than the rule asks for are enough',
        '>= s.out_of_order_min_failures',
        '>= s.out_of_order_min_failures - 2',
      ],
    ],
  ),
  ...mutationsOf(
    'src/store/subscriptions/out-of-order.ts',
    ['test/activities/deliver.test.ts'],
    [
      [
        'N59',
        'a subscription that was just enabled goes out of order for what was before',
        'greatest(t.failing_since, s.modified_at)',
        't.failing_since',
      ],
    ],
  ),
  ...mutationsOf('src/store/notifications/recoveries.ts', store('notifications/recoveries'), [
    ['X2', 'a repeated execution retries what a recovery is past', ' and (done_up_to is null or done_up_to < $2)', ''],
    [
      'X5',
      'the end of the range is part of the count of a recovery',
      'n.id >= $6 and n.id < $7',
      'n.id >= $6 and $7::uuid is not null',
    ],
    [
      'X6',
      'a recovery retries failed notifications of any time',
      'and id >= $2 and id < $3 and id > $4',
      'and $2::uuid <> $3::uuid and id > $4',
    ],
    [
      'X6b',
      'a recovery retries what failed before its range',
      'and id >= $2 and id < $3',
      'and $2::uuid is not null and id < $3',
    ],
    ['N60', 'a recovery retries what failed again since', ' and opened_at <= $5', ' and $5::timestamptz is not null'],
    [
      'N61',
      'a recovery opens what is no longer failed',
      "n.status = 'failed' and s.id = n.subscription_id",
      's.id = n.subscription_id',
    ],
    [
      'N62',
      'a recovery that has ended ends again in another way',
      "           where id = $1 and status = 'running'`,\n    values: [decodeId('rec', id) ?? null, status]",
      "           where id = $1`,\n    values: [decodeId('rec', id) ?? null, status]",
    ],
    ['N63', 'a recovery that goes on looks stalled', ', progressed_at = now(), retried', ', retried'],
    [
      'N64',
      'a recovery that has ended looks stalled',
      "where status = 'running' and progressed_at",
      'where progressed_at',
    ],
    [
      'N65',
      'notifications of a recovery are retried in reverse',
      '           order by id limit $6',
      '           order by id desc limit $6',
    ],
  ]),
  ...mutationsOf('src/store/db/crypto.ts', store('db/crypto'), [
    [
      'C1b',
      'a seal is not bound to its owner',
      'const opened = new Map<string, string>();',
      `const opened = new Map<string, string>();
  const Buffer = Object.assign(Object.create(globalThis.Buffer), { from: () => globalThis.Buffer.alloc(0) });`,
    ],
    [
      'C2',
      'a secret that was opened once opens for every owner',
      'const cacheKey = `${sealedBy} ${context} ${',
      'const cacheKey = `${sealedBy} ${',
    ],
    ['N66', 'two secrets of one owner open as the first', " ${ciphertext.toString('latin1')}`;", '`;'],
  ]),
  ...mutationsOf('src/store/db/partitions.ts', store('db/partitions'), [
    ['N67', 'the partition of the last day ahead is missing', 'day <= daysAhead', 'day < daysAhead'],
    ['N68', 'a day whose rows are in the default partition stops all others', "code !== '23514' && ", ''],
  ]),
  ...mutationsOf('src/store/db/group-commit.ts', store('db/group-commit'), [
    [
      'N69',
      'a group gathers without a limit',
      'Math.min(this.options.maxGatherMs, countItems(group))',
      'countItems(group)',
    ],
    [
      'N70',
      'a caller who brings much waits for ever',
      'count > 0 && items > this.options.maxItems',
      'items > this.options.maxItems',
    ],
    ['N71', 'each item is tried although the database is away', ' || this.options.isUnavailable(error)', ''],
  ]),
  ...['sessions', 'portal-sessions'].flatMap((name, index) =>
    mutationsOf(
      `src/store/access/${name}.ts`,
      ['test/activities/maintenance.test.ts'],
      [
        [
          `MT1${'ab'[index]}`,
          `maintenance deletes live rows of ${name}`,
          'where expires_at < now()',
          'where expires_at > now()',
        ],
      ],
    ),
  ),
  ...mutationsOf(
    'src/store/access/idempotency.ts',
    ['test/activities/maintenance.test.ts'],
    [['MT1c', 'maintenance deletes live idempotency keys', 'where created_at < now() -', 'where created_at > now() -']],
  ),
  ...mutationsOf(
    'src/store/reporting/activity.ts',
    ['test/activities/maintenance.test.ts'],
    [
      [
        'MT1d',
        'maintenance deletes recent activity',
        'delete from activity where id < $1',
        'delete from activity where id > $1',
      ],
    ],
  ),
];
