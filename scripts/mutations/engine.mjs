/** Mutations of the delivery engine; scripts/mutate.mjs says what the fields mean. */
const ACCEPT = 'src/store/notifications/accept-statement.ts';
const CLAIMS = 'src/store/notifications/claims.ts';
const RECORD = 'src/store/notifications/record-attempts.ts';
const TRANSITIONS = 'src/store/notifications/transitions.ts';
const OVERDUE = 'src/store/notifications/overdue.ts';
const RECOVERIES = 'src/store/notifications/recoveries.ts';
const SETTLING = 'src/store/subscriptions/settling.ts';
const OUT_OF_ORDER = 'src/store/subscriptions/out-of-order.ts';
const SEALER = 'src/store/db/crypto.ts';

const storeTest = (name) => `test/store/${name}.test.ts`;
const CLAIMS_TEST = [storeTest('notifications/claims')];
const RECORD_TEST = [storeTest('notifications/record-attempts')];
const TRANSITIONS_TEST = [storeTest('notifications/transitions')];
const OVERDUE_TEST = [storeTest('notifications/overdue')];
const RECOVERIES_TEST = [storeTest('notifications/recoveries')];
const SETTLING_TEST = [storeTest('subscriptions/settling')];
const FOLLOWERS_TEST = [storeTest('subscriptions/out-of-order-followers')];
const SEALER_TEST = [storeTest('db/crypto')];

export default [
  // Accepting and claiming
  {
    id: 'A10',
    what: 'an event to all reaches customers of every product',
    file: ACCEPT,
    find: 'join customers c on c.product_id is null or c.product_id = f.owner',
    replace: 'join customers c on true',
    tests: [storeTest('notifications/accept-to-all')],
  },
  {
    id: 'A13',
    what: 'the claim is too short by the wait for a turn',
    file: ACCEPT,
    find: 'then now() + make_interval(secs => timeout_seconds + ${HEAD_START_WAIT_SECONDS})',
    replace: 'then now() + make_interval(secs => timeout_seconds)',
    tests: CLAIMS_TEST,
  },
  {
    id: 'A6',
    what: 'the first attempt is claimed while the subscription settles',
    file: ACCEPT,
    find: "status = 'enabled' and settling_since is null and rate_limit_per_second is null",
    replace: "status = 'enabled' and rate_limit_per_second is null",
    tests: CLAIMS_TEST,
  },
  {
    id: 'A7',
    what: 'the first attempt is claimed in the slow lane',
    file: ACCEPT,
    find: ' and (slow_until is null or slow_until <= now())',
    replace: '',
    tests: CLAIMS_TEST,
  },
  {
    id: 'A8',
    what: 'the lane of an accepted notification ignores slow_until',
    file: ACCEPT,
    find: ' or slow_until > now() then',
    replace: ' then',
    tests: CLAIMS_TEST,
  },
  {
    id: 'R17',
    what: 'a notification that was opened again counts as never attempted',
    file: CLAIMS,
    find: ' and n.opened_at = n.created_at',
    replace: '',
    tests: CLAIMS_TEST,
  },
  {
    id: 'R19',
    what: 'an unattempted notification is claimed despite a rate limit',
    file: CLAIMS,
    find: 'and s.rate_limit_per_second is null and',
    replace: 'and',
    tests: CLAIMS_TEST,
  },
  {
    id: 'EC1',
    what: 'claims of a dead process are not ended',
    file: CLAIMS,
    find: 'set claimed_until = null, reconcile_after = now()',
    replace: 'set claimed_until = claimed_until',
    tests: CLAIMS_TEST,
  },
  {
    id: 'R6',
    what: 'two sweeps wait for each other instead of sharing the work',
    file: OVERDUE,
    find: ' for update skip locked',
    replace: '',
    tests: OVERDUE_TEST,
  },

  // Recording attempts
  {
    id: 'D1',
    what: 'an attempt is recorded as often as it is reported',
    file: RECORD,
    find: ' and n.last_attempt_key is distinct from i.attempt_key',
    replace: '',
    tests: RECORD_TEST,
  },
  {
    id: 'D3',
    what: 'a cancelled notification keeps a next attempt',
    file: RECORD,
    find: "case when n.status = 'cancelled' then null else i.next_attempt_at end",
    replace: 'i.next_attempt_at',
    tests: RECORD_TEST,
  },
  {
    id: 'D4',
    what: 'a cancelled notification stays on the list of the reconciler',
    file: RECORD,
    find: "      when n.status = 'cancelled' then null\n",
    replace: '',
    tests: RECORD_TEST,
  },
  {
    id: 'D12',
    what: 'a waiting notification has a finishing time',
    file: RECORD,
    find: "case when i.outcome = 'retrying' and n.status <> 'cancelled' then null else i.finished_at end",
    replace: 'i.finished_at',
    tests: RECORD_TEST,
  },

  // Transitions
  {
    id: 'D8',
    what: 'a notification is held although its subscription takes deliveries again',
    file: TRANSITIONS,
    find: " and s.status <> 'enabled'",
    replace: '',
    tests: TRANSITIONS_TEST,
  },
  {
    id: 'D9',
    what: 'a hand-over leaves the check of the reconciler where the head start put it',
    file: TRANSITIONS,
    find: ", reconcile_after = next_attempt_at + interval '${OVERDUE_SECONDS} seconds'",
    replace: '',
    tests: TRANSITIONS_TEST,
  },
  {
    id: 'D10',
    what: 'a cancelled notification shows as delivering',
    file: TRANSITIONS,
    find: "           where id = $1 and status not in ('delivered', 'cancelled')`",
    replace: "           where id = $1 and status <> 'delivered'`",
    tests: TRANSITIONS_TEST,
  },
  {
    id: 'D13',
    what: 'a delivered notification is held',
    file: TRANSITIONS,
    find: " and n.status not in ('delivered', 'cancelled')`",
    replace: " and n.status <> 'cancelled'`",
    tests: TRANSITIONS_TEST,
  },
  {
    id: 'D13b',
    what: 'a cancelled notification is held',
    file: TRANSITIONS,
    find: " and n.status not in ('delivered', 'cancelled')`",
    replace: " and n.status <> 'delivered'`",
    tests: TRANSITIONS_TEST,
  },

  // Settling
  {
    id: 'S1',
    what: 'a settling is cleared although it was marked again meanwhile',
    file: SETTLING,
    find: "and date_trunc('milliseconds', settling_since) is not distinct from $2::timestamptz",
    replace: 'and ($2::timestamptz is null or true)',
    tests: SETTLING_TEST,
  },
  {
    id: 'S3',
    what: 'a cancelled notification is released',
    file: SETTLING,
    find: "where id = $1 and status = 'held'`",
    replace: 'where id = $1`',
    tests: SETTLING_TEST,
  },
  {
    id: 'S6',
    what: 'settling one product marks the subscriptions of every product',
    file: SETTLING,
    find: 'and ($2::text is null or coalesce(',
    replace: 'and ($2::text is null or true or coalesce(',
    tests: SETTLING_TEST,
  },
  {
    id: 'O3',
    what: 'operators who listen to certain channels are notified as well',
    file: OUT_OF_ORDER,
    find: " and s.channels = '{}'",
    replace: '',
    tests: FOLLOWERS_TEST,
  },
  {
    id: 'O4',
    what: 'a deleted subscription goes out of order and raises an event',
    file: OUT_OF_ORDER,
    find: ' and s.deleted_at is null',
    replace: '',
    tests: FOLLOWERS_TEST,
  },

  // Recoveries
  {
    id: 'X2',
    what: 'a repeated execution retries what a recovery is past',
    file: RECOVERIES,
    find: ' and (done_up_to is null or done_up_to < $2)',
    replace: '',
    tests: RECOVERIES_TEST,
  },
  {
    id: 'X5',
    what: 'the end of the range is part of the count of a recovery',
    file: RECOVERIES,
    find: 'n.id >= $6 and n.id < $7',
    replace: 'n.id >= $6 and $7::uuid is not null',
    tests: RECOVERIES_TEST,
  },
  {
    id: 'X6',
    what: 'a recovery retries failed notifications of any time',
    file: RECOVERIES,
    find: 'and id >= $2 and id < $3 and id > $4',
    replace: 'and $2::uuid <> $3::uuid and id > $4',
    tests: RECOVERIES_TEST,
  },

  // Secrets at rest
  {
    id: 'C1b',
    what: 'a seal is not bound to its owner',
    file: SEALER,
    find: 'const opened = new Map<string, string>();',
    replace: `const opened = new Map<string, string>();
  const Buffer = Object.assign(Object.create(globalThis.Buffer), { from: () => globalThis.Buffer.alloc(0) });`,
    tests: SEALER_TEST,
  },
  {
    id: 'C2',
    what: 'a secret that was opened once opens for every owner',
    file: SEALER,
    find: 'const cacheKey = `${sealedBy} ${context} ${',
    replace: 'const cacheKey = `${sealedBy} ${',
    tests: SEALER_TEST,
  },
];
