import { decodeId, newUuid } from '../../../src/domain/ids';
import { listAudit } from '../../../src/store/access/audit';
import { publishRaised } from '../../../src/store/operational/publish';
import { markOutOfOrder, markOutOfOrderIfFailing } from '../../../src/store/subscriptions/out-of-order';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed, seedSubscription, type Seeded } from '../../support/seed';

const RULES = { failingPercents: [], quietSeconds: 600, eventsPerMinute: 20 };

let database: TestDatabase;
let seeded: Seeded;

beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: 'http://127.0.0.1:1/' });
});
afterEach(() => database.drop());

/**
 * Makes a subscription look as if its last attempts had all failed since `sinceSeconds` ago,
 * without a change to the subscription meanwhile.
 */
async function failing(failures: number, sinceSeconds: number, id = seeded.subscriptionId): Promise<void> {
  await database.db.query({
    text: `with touched as (update subscriptions set modified_at = now() - interval '30 days' where id = $1)
           insert into subscription_attempt_statistics (subscription_id, attempts, successes, failures, failures_since_success, failing_since, period_failures, period_failing_since)
           values ($1, $2, 0, $2, $2, now() - make_interval(secs => $3), $2, now() - make_interval(secs => $3))
           on conflict (subscription_id) do update set failures_since_success = excluded.failures_since_success, failing_since = excluded.failing_since,
             period_failures = excluded.period_failures, period_failing_since = excluded.period_failing_since`,
    values: [decodeId('sub', id), failures, sinceSeconds],
  });
}

async function setRule(afterSeconds: number | null, minFailures: number | null): Promise<void> {
  await database.db.query({
    text: 'update subscriptions set out_of_order_after_seconds = $2, out_of_order_min_failures = $3 where id = $1',
    values: [decodeId('sub', seeded.subscriptionId), afterSeconds, minFailures],
  });
}

/** Creates a subscription to operational events. @returns its id */
async function operators(eventTypes = ['signpost.*'], options: { enabled?: boolean } = {}): Promise<string> {
  await database.db.query({
    text: "insert into customers (id, name, product_id) values ('signpost-operators', 'Operators', 'signpost') on conflict do nothing",
  });
  const id = await seedSubscription(
    database.db,
    { ...seeded, customerId: 'signpost-operators', productId: 'signpost', eventType: eventTypes[0]! },
    { url: 'http://127.0.0.1:1/', ...options },
    newUuid(),
  );
  return id;
}

/** @returns the notifications to start */
const publish = async () => (await publishRaised(database.db, RULES)).notifications;

const eventRows = async () =>
  (
    await database.db.query<{ data: string; product_id: string; customer_id: string | null; type: string }>({
      text: 'select data::text as data, product_id, customer_id, type from events order by id',
    })
  ).rows;
const notified = async () =>
  (
    await database.db.query<{ subscription_id: string; status: string }>({
      text: 'select subscription_id, status from notifications order by id',
    })
  ).rows;
const reasonOf = async () =>
  (
    await database.db.query<{ out_of_order_reason: string | null }>({
      text: 'select out_of_order_reason from subscriptions where id = $1',
      values: [decodeId('sub', seeded.subscriptionId)],
    })
  ).rows[0]!.out_of_order_reason;

const HOURS = 3600;

it.each([
  [10, 121 * HOURS, true],
  [9, 121 * HOURS, false],
  [10, 119 * HOURS, false],
])(
  'by the default out-of-order rule, %s failures over %s seconds disable a subscription: %s',
  async (failures, since, taken) => {
    await failing(failures, since);
    expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(taken);
    expect(await reasonOf()).toEqual(taken ? expect.stringMatching(/^10 failures and no success since 20/) : null);
  },
);

it('a rule of the subscription replaces the default, may switch it off, and never prevents disabling by a 410', async () => {
  await failing(3, 60);
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(false);
  await setRule(null, null);
  await failing(100_000, 300 * 24 * HOURS);
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(false);
  await setRule(60, 3);
  await failing(3, 60);
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(true);
  await database.db.query({ text: 'update subscriptions set out_of_order_at = null' });
  await setRule(null, null);
  expect(await markOutOfOrder(database.db, seeded.subscriptionId, 'gone')).toBe(true);
  expect(await reasonOf()).toBe('gone');
});

it('records in the audit log that the service disabled a subscription, once and with the reason', async () => {
  await markOutOfOrder(database.db, seeded.subscriptionId, 'The receiver returned 410.');
  await markOutOfOrder(database.db, seeded.subscriptionId, 'The receiver returned 410.');
  const { items } = await listAudit(database.db, {}, { object: seeded.subscriptionId }, { limit: 10 });
  expect(items).toEqual([
    expect.objectContaining({
      actorId: 'signpost',
      actorName: 'Signpost',
      action: 'subscription.out-of-order',
      customerId: seeded.customerId,
      productId: seeded.productId,
      changes: { status: { from: 'enabled', to: 'out-of-order' } },
      detail: { reason: 'The receiver returned 410.' },
    }),
  ]);
});

it('disabling a subscription notifies the operators who follow it, once', async () => {
  const follower = await operators();
  const disabled = await operators(['signpost.subscription.out-of-order.v1'], { enabled: false });
  await operators(['signpost.other.v1']);
  await failing(12, 121 * HOURS);
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(true);
  expect(await publish()).toEqual([
    {
      notificationId: expect.stringMatching(/^ntf_/),
      subscriptionId: follower,
      customerId: 'signpost-operators',
      eventType: 'signpost.subscription.out-of-order.v1',
      schedule: [30, 300, 1800, 7200],
      lane: 'fast',
    },
  ]);
  expect(await notified()).toEqual(
    expect.arrayContaining([
      { subscription_id: decodeId('sub', follower), status: 'pending' },
      { subscription_id: decodeId('sub', disabled), status: 'held' },
    ]),
  );
  const [event, ...more] = await eventRows();
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    product_id: 'signpost',
    customer_id: null,
    type: 'signpost.subscription.out-of-order.v1',
  });
  expect(event!.data).toMatch(/^\{"subscriptionId":"sub_/);
  expect(JSON.parse(event!.data)).toEqual({
    subscriptionId: seeded.subscriptionId,
    customerId: seeded.customerId,
    name: 'main',
    reason: expect.stringMatching(/^12 failures and no success since 20/),
    at: expect.stringMatching(/^20.*\.\d{3}Z$/),
    failuresSinceLastSuccess: 12,
    alsoAffected: 0,
  });
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(false);
  expect(await markOutOfOrder(database.db, seeded.subscriptionId, 'gone')).toBe(false);
  expect(await publish()).toEqual([]);
  expect(await eventRows()).toHaveLength(1);
});

it('a 410 of an earlier period does not disable the subscription', async () => {
  await database.db.query({ text: 'update subscriptions set failure_period = 3' });
  expect(await markOutOfOrder(database.db, seeded.subscriptionId, 'gone', 2)).toBe(false);
  expect(await markOutOfOrder(database.db, seeded.subscriptionId, 'gone', 3)).toBe(true);
});

it('the out-of-order rule does not count failures of an earlier period', async () => {
  await failing(100, 200 * HOURS);
  await database.db.query({ text: 'update subscriptions set failure_period = 1' });
  expect(await markOutOfOrderIfFailing(database.db, seeded.subscriptionId, RULES)).toBe(false);
});

it('the event about a 410 counts the recorded failures', async () => {
  await operators();
  await failing(2, 60);
  await markOutOfOrder(database.db, seeded.subscriptionId, 'the receiver answered 410 Gone');
  await publish();
  const [event] = await eventRows();
  expect(JSON.parse(event!.data)).toMatchObject({
    reason: 'the receiver answered 410 Gone',
    failuresSinceLastSuccess: 2,
  });
});

it('operational events do not reach subscriptions to all events of one or all other products', async () => {
  await seedSubscription(database.db, { ...seeded, eventType: '*' }, { url: 'http://127.0.0.1:1/' }, 'all');
  await database.db.query({ text: "insert into customers (id, name) values ('shared', 'Shared')" });
  const shared = await seedSubscription(
    database.db,
    { ...seeded, customerId: 'shared', eventType: '*' },
    { url: 'http://127.0.0.1:1/' },
  );
  for (const eventTypes of ["'{*}'", "'{signpost.subscription.out-of-order.v1}'"]) {
    await database.db.query({
      text: `update subscriptions set product_id = null, event_types = ${eventTypes} where id = $1`,
      values: [decodeId('sub', shared)],
    });
    await database.db.query({ text: 'update subscriptions set out_of_order_at = null' });
    expect(await markOutOfOrder(database.db, seeded.subscriptionId, 'gone')).toBe(true);
    expect(await publish()).toEqual([]);
  }
  expect(await notified()).toEqual([]);
});

it('a subscription to operational events raises none when it is disabled', async () => {
  await operators();
  const id = await operators();
  expect(await markOutOfOrder(database.db, id, 'gone')).toBe(true);
  expect(await publish()).toEqual([]);
  expect(await eventRows()).toEqual([]);
});

it('a subscription is disabled even if the product or event type of operational events is off', async () => {
  await operators();
  await database.db.query({ text: "update products set enabled = false where id = 'signpost'" });
  expect(await markOutOfOrder(database.db, seeded.subscriptionId, 'gone')).toBe(true);
  expect(await publish()).toEqual([]);
  expect(await eventRows()).toEqual([]);
  expect(await reasonOf()).toBe('gone');
});

it('a subscription that is enabled while its rule is checked stays enabled', async () => {
  await setRule(HOURS, 10);
  await failing(20, 2 * HOURS);
  const racing = {
    query: async (statement: Parameters<typeof database.db.query>[0]) => {
      const result = await database.db.query(statement);
      // After the check, before the subscription is disabled.
      if (statement.name === 'is-failing')
        await database.db.query({
          text: 'update subscriptions set failure_period = failure_period + 1 where id = $1',
          values: [decodeId('sub', seeded.subscriptionId)],
        });
      return result;
    },
  };
  expect(await markOutOfOrderIfFailing(racing as typeof database.db, seeded.subscriptionId, RULES)).toBe(false);
  expect(await reasonOf()).toBeNull();
});
