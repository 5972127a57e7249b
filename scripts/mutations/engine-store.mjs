/** The delivery engine's own store: accepting, claiming, recording, settling, recovering. */
import { mutationsOf } from '../mutation.mjs';

const store = (...names) => names.map((name) => `test/store/${name}.test.ts`);
const CLAIMS_TEST = store('notifications/claims');
const OVERDUE_TEST = store('notifications/overdue');
const RELEASING_TEST = store('subscriptions/releasing');
const RATE_LINE_TEST = store('subscriptions/rate-line');
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
    ['R19', 'an unattempted notification is claimed despite a rate limit', '`s.rate_limit_per_second is null and', '`'],
    ['RN1', 'a claim that was released is renewed', 'n.claimed_by = $2 and n.claimed_until > now()', 'true'],
    ['RN2', 'a claim that has lapsed is renewed', 'n.claimed_by = $2 and n.claimed_until > now()', 'n.claimed_by = $2'],
    [
      'EC1',
      'claims of a dead process are not ended',
      'set claimed_until = null, reconcile_after = case',
      'set claimed_until = claimed_until, reconcile_after = case',
    ],
    ['N7', 'a process does not renew its own claim', 'n.claimed_by = $2 or ', ''],
    ['N9', 'claims that lapsed long ago are ended again', ' and claimed_until > now()', ''],
    [
      'N10',
      'failed head starts of a dead process are not found',
      "and (status in ('pending', 'delivering') or last_attempt_key like '${HEAD_START_PREFIX}%')`,\n      values: [from, to],",
      "and (status in ('pending', 'delivering'))`,\n      values: [from, to],",
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
  ]),
  ...mutationsOf('src/store/notifications/notification-refs.ts', OVERDUE_TEST, [
    ['N16', 'a workflow that is lost begins its ladder at the first step', 'n.attempt_count - n.ladder_base', '0'],
    ['N17', 'a new ladder goes on where the last one ended', 'n.attempt_count - n.ladder_base', 'n.attempt_count'],
    ['N18', 'a lost workflow of a slow subscription is started in the fast lane', ' or s.slow_until > now()', ''],
  ]),
  ...mutationsOf('src/store/notifications/reopen.ts', store('notifications/reopen', 'notifications/overdue'), [
    ['N19', 'the steps before a retry count for its ladder', 'ladder_base = n.attempt_count, ', ''],
    ['N20', 'a cancelled notification cannot be opened again', "= ['failed', 'cancelled']", "= ['failed']"],
    [
      'N21',
      'a retry is noted for a notification that is not waiting',
      "n.status = 'pending' and n.rate_seq is not null)",
      "n.status = 'pending')",
    ],
    [
      'N21b',
      'a retry of a notification in the line of a rate limit is not noted',
      " or n.status = 'pending' and n.rate_seq is not null)",
      ')',
    ],
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
      "next_attempt_at = case when n.status in ('cancelled', 'delivered') then null when",
      'next_attempt_at = case when',
    ],
    [
      'D4',
      'a cancelled notification stays on the list of the reconciler',
      "      when n.status in ('cancelled', 'delivered') then null\n",
      '',
    ],
    [
      'D12',
      'a waiting notification has a finishing time',
      " when i.outcome = 'retrying' and n.status <> 'cancelled' then null else i.finished_at end",
      ' else i.finished_at end',
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
      "or n.status = 'cancelled' and i.outcome <> 'delivered' then",
      "or n.status = 'cancelled' then",
    ],
    [
      'N25',
      'a cancelled notification is opened by a late failure',
      " or n.status = 'cancelled' and i.outcome <> 'delivered' then n.status",
      ' then n.status',
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
      "case when i.workflow_id like '${BURST_PREFIX}%' and i.outcome <> 'cut-off' then i.workflow_id end",
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
    [
      'D10',
      'a cancelled notification shows as delivering',
      " and status not in ('delivered', 'cancelled')`,\n    ),\n    values: [uuidOf(notificationId), reconcileAfterSeconds",
      " and status <> 'delivered'`,\n    ),\n    values: [uuidOf(notificationId), reconcileAfterSeconds",
    ],
    [
      'D15',
      'a notification that was closed meanwhile gets a next attempt from its lane',
      " and status in ('pending', 'retrying', 'delivering')`",
      '`',
    ],
    ['D8', 'a notification is held although its subscription takes deliveries again', " and s.status <> 'enabled'", ''],
    [
      'D9',
      'a hand-over leaves the check of the reconciler where the head start put it',
      "else next_attempt_at + interval '${OVERDUE_SECONDS} seconds' end",
      'else reconcile_after end',
    ],
    [
      'D13',
      'a delivered notification is held',
      "n.status not in ('delivered', 'cancelled', 'failed')`",
      "n.status not in ('cancelled', 'failed')`",
    ],
    [
      'D13b',
      'a cancelled notification is held',
      "n.status not in ('delivered', 'cancelled', 'failed')`",
      "n.status not in ('delivered', 'failed')`",
    ],
    [
      'D13c',
      'a failed notification is held',
      "n.status not in ('delivered', 'cancelled', 'failed')`",
      "n.status not in ('delivered', 'cancelled')`",
    ],
    [
      'D14',
      'a notification whose attempt has begun is postponed no further by its lane',
      "status in ('pending', 'retrying', 'delivering')`",
      "status in ('pending', 'retrying')`",
    ],
    ['N34', 'a burst still counts as the workflow after a hand-over', 'burst_id = null,\n', '\n'],
    ['N35', 'a held notification cannot be cancelled', "'retrying', 'held')\n", "'retrying')\n"],
    ['N36', 'the wish for a retry outlives the retry', 'retry_asked = false, ', ''],
    [
      'D16',
      'a held notification stays in the line of its rate limit',
      "set status = 'held', rate_seq = null, ",
      "set status = 'held', ",
    ],
    [
      'D17',
      'a notification whose attempt is under way stays in the line of its rate limit',
      "set status = 'delivering', rate_seq = null, ",
      "set status = 'delivering', ",
    ],
  ]),
  ...mutationsOf('src/store/notifications/load-deliveries.ts', ['test/attempts/attempt-runner.test.ts'], []),
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
    [
      'N41',
      'an old secret counts as current for ever',
      ' and (expires_at is null or expires_at > clock_timestamp())',
      '',
    ],
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
    [
      'S6',
      'settling one product marks the subscriptions of every product',
      'and ($2::text is null or coalesce(',
      'and ($2::text is null or true or coalesce(',
    ],
    [
      'N44',
      'a subscription without a product is not settled with the product of its customer',
      'coalesce(s.product_id, (select product_id from customers where id = s.customer_id), $2)',
      's.product_id',
    ],
    [
      'N45',
      'a deleted subscription leaves an attempt under way uncancelled',
      "s.id and n.status in ('pending', 'delivering', 'retrying', 'held')",
      "s.id and n.status in ('pending', 'retrying', 'held')",
    ],
    [
      'N46',
      'a subscription that settles is taken for one with forgotten holds',
      "where s.status = 'enabled' and s.settling_since is null",
      "where s.status = 'enabled'",
      'The statement that marks it checks that as well.',
    ],
    [
      'N46b',
      'a subscription whose release is running is taken for one with forgotten holds',
      "r.progressed_at > now() - interval '1 minute'",
      'false',
    ],
    [
      'N46c',
      'a release that stopped hides forgotten holds for ever',
      " and r.progressed_at > now() - interval '1 minute'",
      '',
    ],
    [
      'N47b',
      'a disabled subscription keeps its notifications in the line of its rate limit',
      "and s.status <> 'enabled' and n.subscription_id",
      'and false and n.subscription_id',
    ],
    [
      'N47c',
      'a wake that was lost is not found',
      'where wake_since < now() - make',
      'where false and wake_since < now() - make',
    ],
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
  ]),
  ...mutationsOf('src/store/notifications/accept-statement.ts', RELEASING_TEST, [
    [
      'HNW6',
      'what is held when it is accepted gets a workflow each when it is released',
      "coalesce(claimed_until, case when status = 'held' then ${NO_WORKFLOW} end),",
      'claimed_until,',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/releasing.ts', RELEASING_TEST, [
    [
      'S3',
      'a notification that is cancelled in the same instant is released',
      "n.id < $6 and n.status = 'held'\n  returning",
      'n.id < $6\n  returning',
    ],
    ['N47', 'held notifications are released in reverse', 'order by n.id limit $2', 'order by n.id desc limit $2'],
    [
      'RL1',
      'a subscription that was disabled again goes on releasing',
      "n.status = 'held' and s.status = 'enabled'",
      "n.status = 'held'",
    ],
    [
      'RL2',
      'a notification with a workflow that holds it is claimed',
      '`n.claimed_until is not distinct from ${NO_WORKFLOW} and n.attempt',
      '`n.attempt',
    ],
    ['RL3', 'a notification that was opened again is claimed', ' and n.opened_at = n.created_at`', '`'],
    ['RL4', 'a notification that was attempted before is claimed', 'n.attempt_count = 0 and ', ''],
    [
      'RL6',
      'a release of a subscription in the slow lane claims first attempts',
      '(s.slow_until is null or s.slow_until <= now()) as claimed',
      'true as claimed',
    ],
    [
      'RL7',
      'a released claim lapses before the wait for a slot is over',
      "make_interval(secs => d.timeout_seconds + ${HEAD_START_WAIT_SECONDS}) else '0 s'",
      "make_interval(secs => d.timeout_seconds) else '0 s'",
    ],
    [
      'RL8',
      'a release forgets its first backlog',
      '(await findRelease(db, subscriptionId)) ? 0 : await countHeld(db, subscriptionId)',
      '0',
    ],
    [
      'RL9',
      'a release counts its last page only',
      'set released = r.released + excluded.released',
      'set released = excluded.released',
    ],
    [
      'RL10',
      'a workflow that has begun its attempt counts as one that has not',
      ' and (claimed_until is null or claimed_until <= now())`',
      '`',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/rate-line.ts', RATE_LINE_TEST, [
    [
      'RT1',
      'notifications without a rate limit join a line',
      "status = 'pending' and rate_limit_per_second is not null",
      "status = 'pending'",
    ],
    [
      'RT2',
      'a line that was idle goes on where it was',
      'when ${isIdle} then now() else',
      'when false then now() else',
    ],
    [
      'RT3',
      'a line counts as idle although its last turn was just taken',
      ' and coalesce(l.taken_at + ${gap} <= now(), true)`',
      '`',
    ],
    [
      'RT4',
      'a line that was changed meanwhile is written over',
      'where subscription_id = $1 and version = $2\n',
      'where subscription_id = $1 and $2::bigint is not null\n',
    ],
    ['RT5', 'turns are written although the line was not', 'where exists (select from line)\n', '\n'],
    [
      'RT6',
      'a notification that was closed meanwhile gets a turn',
      "and n.status not in ('delivered', 'cancelled') and (t.granted",
      'and (t.granted',
    ],
    [
      'RT7',
      'a notification that was held meanwhile goes on waiting for its turn',
      "(t.granted or n.status <> 'held')",
      'true',
    ],
    [
      'RT8',
      'a granted turn stays in the line',
      'rate_seq = case when t.granted then null else t.seq end',
      'rate_seq = t.seq',
    ],
    ['RT9', 'the wish for a retry outlives the granted turn', 'retry_asked = n.retry_asked and not t.granted,\n', ''],
    [
      'RT10',
      'the numbers of a statement are in reverse order of acceptance',
      'order by m.id desc) as rate_seq',
      'order by m.id) as rate_seq',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/rate-wakes.ts', RATE_LINE_TEST, [
    ['RW1', 'a notification that wakes in time is woken', ' + ${TOLERANCE_MS}\n', ' - 3600000\n'],
    [
      'RW2',
      'a wake ends although the limit was changed again',
      "date_trunc('milliseconds', wake_since) = $2`",
      '$2::timestamptz is not null`',
    ],
    ['RW3', 'a notification that has not asked yet is woken', ' and n.next_attempt_at is not null', ''],
    ['RW4', 'each that falls asleep starts a settlement', ' and wake_since is null', ''],
    [
      'RW5',
      'a wake lists what is held',
      "n.status in ('pending', 'retrying') and n.rate_seq is not null and n.next",
      'n.rate_seq is not null and n.next',
    ],
    [
      'RW6',
      'those due later by the limit of now are woken as well',
      ' + rate_seq * $4::float8)`',
      ' + 0 * $4::float8)`',
    ],
  ]),
  ...mutationsOf('src/store/subscriptions/rate-gaps.ts', RATE_LINE_TEST, [
    ['GAP1', 'a front that is only late is passed', 'if (first <= frontSeq) return false;', ''],
    [
      'GAP2',
      'a line is moved on before the turn of its front is over',
      "front_at < now() - interval '${LATE_SECONDS} s' and",
      '',
    ],
    ['GAP3', 'a line that was moved on is not woken', ' && (await requestWake(db, id))', ''],
    ['GAP4', 'a line without anybody keeps its front', '?? nextSeq', '?? frontSeq'],
  ]),
  ...mutationsOf('src/store/operational/accept.ts', store('operational/publishing'), [
    ['O3', 'operators who listen to certain channels are notified as well', " and s.channels = '{}'", ''],
    ['N56', 'followers in the slow lane are notified in the fast one', '${LANE} as lane', "'fast' as lane"],
  ]),
  ...mutationsOf('src/store/operational/raising.ts', store('operational/operational-events'), [
    [
      'N57',
      'subscriptions of operators raise events about themselves',
      "coalesce(s.product_id, c.product_id, '') = '${OWN_PRODUCT}'",
      'false',
    ],
    ['OE1', 'a lower level of the same period is news', '${level} > o.level else', 'true else'],
  ]),
  ...mutationsOf('src/store/operational/publish.ts', store('operational/publishing'), [
    ['OE2', 'two processes publish at the same time', 'if (!locks[0]!.locked) return', 'if (false) return'],
    ['OE3', 'a storm of events is published', 'const left = eventsPerMinute - ', 'const left = 1e6 - '],
  ]),
  ...mutationsOf(
    'src/store/subscriptions/out-of-order.ts',
    store('subscriptions/out-of-order-followers', 'subscriptions/out-of-order'),
    [
      ['O4', 'a deleted subscription goes out of order and raises an event', ' and s.deleted_at is null', ''],
      [
        'N55',
        'a subscription goes out of order as often as it is answered 410',
        ' and s.out_of_order_at is null and s.deleted_at is null',
        ' and s.deleted_at is null',
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
    ['test/store/subscriptions/out-of-order.test.ts'],
    [
      [
        'N59',
        'a subscription that was just enabled goes out of order for what was before',
        't.period = s.failure_period and t.period_failures >=',
        't.period_failures >=',
      ],
    ],
  ),
  ...mutationsOf('src/store/notifications/recoveries.ts', store('notifications/recoveries'), [
    ['X2', 'a repeated execution retries what a recovery is past', ' and (done_up_to is null or done_up_to < $2)', ''],
    [
      'X5',
      'the end of the range is part of the count of a recovery',
      "allSpans(db, 'notifications', { since, until })",
      "allSpans(db, 'notifications', { since })",
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
    [
      'KR1',
      'the previous key seals',
      'createCipheriv(ALGORITHM, masterKey,',
      'createCipheriv(ALGORITHM, previousKey ?? masterKey,',
    ],
    ['KR2', 'seals are not counted', '      seals += 1;\n', ''],
  ]),
  ...mutationsOf(
    'src/delivery/egress-proxy.ts',
    ['test/delivery/egress-proxy.test.ts'],
    [
      [
        'EGP1',
        'only the first address of a name is tried',
        '&& candidates.length > 0) return tryNext()',
        '&& candidates.length > 99) return tryNext()',
      ],
      ['EGP2', 'a tunnel with data before a request is used', ' && head.length === 0', ''],
      ['EGP3', 'the credentials of the proxy are not decoded', 'decodeURIComponent(password)', 'password'],
      ['EGP4', 'an IPv6 address has no brackets', '`[${address}]`', 'address'],
    ],
  ),
  ...mutationsOf(
    'src/delivery/connector.ts',
    ['test/delivery/egress-proxy.test.ts'],
    [['EGP6', 'the proxy is not used', 'const open = egressProxy ?', 'const open = egressProxy && false ?']],
  ),
  ...mutationsOf('src/store/rotation/reseal.ts', store('rotation/rotate'), [
    [
      'KR3',
      'a value that changed meanwhile is overwritten',
      ' and t.${ciphertext} = $3`',
      ' and $3::bytea is not null`',
    ],
    ['KR4', 'a secret is locked before its subscription', " ${owner ? 'from owner ' : ''}where", ' where'],
    ['KR5', 'only one page of each place is sealed again', 'if (rows.length < PAGE) break;', 'break;'],
  ]),
  ...mutationsOf('src/store/rotation/rotate.ts', store('rotation/rotate'), [
    [
      'KR6',
      'a rotation begins while a process seals with the previous key',
      'isSealing }) => keyId === keys.previousKeyId && isSealing',
      'isSealing }) => keyId === keys.previousKeyId && !isSealing && isSealing',
    ],
    ['KR7', 'the previous key may be removed although values need it', 'if (left === 0) return', 'if (true) return'],
  ]),
  ...mutationsOf(
    'src/store/db/master-key-check.ts',
    [...store('db/master-key-check'), ...store('rotation/rotate')],
    [
      ['KR8', 'a retired key is required', ' where retired_at is null', ''],
      ['KR9', 'a key that is in use again stays retired', ', retired_at = null`', '`'],
      [
        'KR10',
        'a database without check values takes any key',
        'if (ciphertext.length === 0) return',
        'if (ciphertext.length === 0) return true ||',
      ],
    ],
  ),
  ...mutationsOf('src/service/key-use.ts', store('rotation/key-use'), [
    [
      'KR11',
      'seals that could not be reported are lost',
      'unreported += keys.takeSeals();',
      'unreported = keys.takeSeals();',
    ],
    ['KR12', 'nobody is warned', 'if (seals < WARN_AT ||', 'if (seals > 0 ||'],
  ]),
  ...mutationsOf('src/store/db/partitions.ts', store('db/partitions'), []),
  ...mutationsOf(
    'src/store/notifications/record-attempts.ts',
    ['test/attempts/cut-off.test.ts'],
    [
      [
        'CUT1',
        'an attempt that was cut off takes a step of the ladder',
        "n.ladder_base + case when i.outcome = 'cut-off' then 1 else 0 end",
        'n.ladder_base',
      ],
      [
        'CUT2',
        'an attempt that was cut off keeps its claim',
        'claimed_by = case when ${LEAVES} then null else n.claimed_by end',
        'claimed_by = n.claimed_by',
      ],
      [
        'CUT3',
        'an attempt that was cut off takes over what another process has begun',
        ' and (n.claimed_by is null or n.claimed_by = i.cut_off_process)',
        '',
      ],
    ],
  ),
  ...mutationsOf(
    'src/store/notifications/count-attempts.ts',
    ['test/attempts/cut-off.test.ts'],
    [['CUT4', 'an attempt that was cut off is a failure of the receiver', "    where i.outcome <> 'cut-off'\n", '']],
  ),
  ...mutationsOf('src/store/db/silence-watch.ts', store('db/silence-watch'), [
    ['SIL1', 'a long statement is given up while Postgres answers', 'this.answers === answers', 'true'],
    ['SIL2', 'a silent Postgres is asked for ever', 'this.silent && (!wasSilent || this.askers > 0)', 'this.silent'],
    ['SIL3', 'callers wait for a Postgres that is known to be silent', 'return this.silent;', 'return false;'],
    [
      'SIL4',
      'answers to statements count as commits',
      '    this.statements.answered();\n',
      '    this.statements.answered();\n    this.commits.answered();\n',
    ],
    [
      'SIL5',
      'writes wait while commits hang',
      'this.statements.isSilent() || this.commits.isSilent()',
      'this.statements.isSilent()',
    ],
    [
      'SIL6',
      'writes wait while nothing is answered',
      'this.statements.isSilent() || this.commits.isSilent()',
      'this.commits.isSilent()',
    ],
    [
      'SIL7',
      'the newest wait counts instead of the oldest',
      'const [oldest] = this.waiting.values();',
      'const oldest = [...this.waiting.values()].at(-1);',
    ],
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
      'group.length > 0 && items > this.options.maxItems',
      'items > this.options.maxItems',
    ],
    ['N71', 'each item is tried although the database is away', ' || this.options.isUnavailable(error)', ''],
  ]),
  ...mutationsOf(
    'src/store/notifications/recovery-items.ts',
    ['test/activities/recover-page.test.ts'],
    [
      [
        'RF1',
        'a recovery retries what is being started',
        'update(MAKE_DUE, false, WAITS)',
        "update(MAKE_DUE, false, 'true')",
      ],
    ],
  ),
  ...mutationsOf(
    'src/activities/recover-by-filter.ts',
    ['test/activities/recover-page.test.ts'],
    [
      [
        'RF2',
        'the workflow of what waits begins a new ladder',
        '{ reopened, attempts: notification.attempts }',
        '{ reopened: true, attempts: notification.attempts }',
      ],
      [
        'RQ7',
        'a retry by filter does not say how many attempts there were',
        '{ reopened, attempts: notification.attempts }',
        '{ reopened }',
      ],
    ],
  ),
  ...mutationsOf(
    'src/store/subscriptions/due-in-line.ts',
    ['test/api/notifications-in-line.test.ts'],
    [
      [
        'DIL1',
        'a line has the same interval for all subscriptions',
        'found.rate_limit_per_second ?? DRAIN_PER_SECOND',
        'DRAIN_PER_SECOND',
      ],
      ['DIL2', 'all of a line are due with its front', 'row.rate_seq!, intervalMs', 'line.frontSeq, intervalMs'],
    ],
  ),
  ...mutationsOf(
    'src/store/db/second-try.ts',
    ['test/api/isolation/slow-commits.test.ts'],
    [
      [
        'ST1',
        'a transaction that waited for a lock too long is not tried again',
        'if (!isContended(error)) throw error;',
        'throw error;',
      ],
    ],
  ),
  ...mutationsOf('src/store/db/group-commit.ts', store('db/contended-lanes'), [
    ['CL8', 'what waited behind a group that failed shares the next one', '!this.contended?.take(next)', 'true'],
  ]),
  ...mutationsOf('src/store/db/contended-lanes.ts', store('db/contended-lanes'), [
    ['CL1', 'a lane that failed is tried before others', 'if (!this.isApart(name, lane)) return name;', 'return name;'],
    ['CL5', 'what a suspected owner submits shares groups with all others', 'this.suspected.has(owner) || ', ''],
    ['CL6', 'a lane that waits for its lock stops the other lanes', 'const MAX_WRITING = 3;', 'const MAX_WRITING = 1;'],
    ['CL7', 'an owner stays suspected', '    for (const owner of lane.owners) this.noLongerSuspect(owner);\n', ''],
    ['CL2', 'a lane stays apart after a success', 'lanes?.delete(name) && ', 'lanes && '],
    [
      'CL3',
      'a lane stays apart until it succeeds',
      'if (until <= now) lanes.delete(name)',
      'if (until < 0) lanes.delete(name)',
    ],
    [
      'CL4',
      'a lane that failed shares groups with all others',
      'if (failure) this.setApart(name, lane, failure.error);',
      'if (failure) for (const { reject } of lane.group) reject(failure.error);',
    ],
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
  ...mutationsOf(
    'src/store/notifications/reopen.ts',
    ['test/store/notifications/reopen.test.ts'],
    [
      [
        'RQ15',
        'what was delivered is reopened without force',
        'force ? CLOSED_STATUSES : UNDELIVERED',
        'CLOSED_STATUSES',
      ],
      [
        'RQ16',
        'a retry releases what its subscription does not take',
        " and s.id = n.subscription_id and s.status = 'enabled'",
        ' and s.id = n.subscription_id',
      ],
      ['RQ17', 'a release does not count what a retry released', 'r.released + 1', 'r.released'],
    ],
  ),
  ...mutationsOf(
    'src/api/notifications/retry.ts',
    ['test/api/notifications.test.ts'],
    [
      [
        'RQ18',
        'a retry of what was delivered meanwhile is accepted',
        "  if (notification.status === 'delivered' && !force) throw alreadyDelivered();\n",
        '',
      ],
      [
        'RQ19',
        'a retry of what is held is refused although its subscription takes deliveries',
        'if (!reopened && !(await releaseForRetry(db, id))) await markDue(db, id);',
        'if (!reopened) await markDue(db, id);',
      ],
      [
        'RQ20',
        'a retry of what stays held is accepted',
        "  if (notification.status === 'held')\n    throw",
        '  if (false)\n    throw',
      ],
    ],
  ),
];
