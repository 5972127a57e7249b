import { decodeId, uuidFloor } from '../../../src/domain/ids';
import { patternRegex } from '../../../src/domain/event-type-pattern';
import { acceptEvents } from '../../../src/store/notifications/accept';
import { replayEvent } from '../../../src/store/notifications/replay';
import type { DeliverySubscription } from '../../../src/store/notifications/delivery-subscription';
import { putDefinition } from '../../../src/store/catalog/service-definitions';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { acceptOne, eventFor, seed, seedSubscription, type Seeded } from '../../support/seed';
import { loadDeliveries } from '../../../src/store/notifications/load-deliveries';
import type { AcceptResult } from '../../../src/domain/acceptance';

/** The accept statement, branch by branch, on real Postgres. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:1/' });
});

const query = (text: string, values: unknown[] = []) => database.db.query({ text, values });
const accept = (...events: Parameters<typeof acceptEvents>[1]) => acceptEvents(database.db, events);
const faults = (results: AcceptResult[]) =>
  results.map((result) => (result.kind === 'refused' ? result.fault : 'accepted'));
const notified = (result: AcceptResult | undefined) =>
  result?.kind === 'accepted' ? result.notifications.map(({ subscriptionId }) => subscriptionId) : [];
const setSubscription = (id: string, assignment: string, value: unknown) =>
  query(`update subscriptions set ${assignment} = $2 where id = $1`, [decodeId('sub', id), value]);

it('accept writes the event and a notification for each matching subscription', async () => {
  const second = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:2/' }, 'second');
  const [result] = await accept(eventFor(seeded));
  expect(notified(result)).toEqual([seeded.subscriptionId, second]);
  const { rows } = await query('select data::text, type from events where product_id = $1', [seeded.productId]);
  expect(rows).toEqual([{ data: '{"amount":125.5}', type: seeded.eventType }]);
});

it('accept keeps numbers and the order of fields as the producer wrote them', async () => {
  const data = '{"z":1.0,"a":12345678901234567890,"text":"\\u0000"}';
  await accept(eventFor(seeded, { data }));
  const { rows } = await query('select data::text as data from events where product_id = $1', [seeded.productId]);
  expect(rows).toEqual([{ data }]);
});

it('accept refuses events that the catalog does not allow, one by one', async () => {
  const other = await seed(database.db, { url: 'http://127.0.0.1:1/' });
  await query('update event_types set archived = true where name = $1', [other.eventType]);
  const disabled = await seed(database.db, { url: 'http://127.0.0.1:1/' });
  await query('update products set enabled = false where id = $1', [disabled.productId]);
  const results = await accept(
    eventFor(seeded, { type: 'unknown.v1' }),
    eventFor(seeded, { productId: other.productId }),
    eventFor(other),
    eventFor(disabled),
    eventFor(seeded, { customerId: 'nobody' }),
    eventFor(seeded, { customerId: other.customerId }),
    eventFor(seeded, { schemaVersion: 2 }),
    eventFor(seeded),
  );
  expect(faults(results)).toEqual([
    'unknown-event-type',
    'unknown-event-type',
    'event-type-archived',
    'product-disabled',
    'unknown-customer',
    'unknown-customer',
    'stale-schema',
    'accepted',
  ]);
  const { rows } = await query('select count(*) from events where product_id = any($1)', [
    [other.productId, disabled.productId],
  ]);
  expect(rows).toEqual([{ count: 0 }]);
});

describe('event ids given by producers', () => {
  it('accept answers a repeated event id like the first post and writes nothing', async () => {
    const [first] = await accept(eventFor(seeded, { id: 'order-1' }));
    const [second] = await accept(eventFor(seeded, { id: 'order-1' }));
    expect(second).toEqual({ ...first, duplicate: true });
    const { rows } = await query('select count(*) from notifications where product_id = $1', [seeded.productId]);
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('accept returns the first answer for a repeated id, also after the notification has changed', async () => {
    const [first] = await accept(eventFor(seeded, { id: 'order-1' }));
    await query("update notifications set status = 'delivered' where product_id = $1", [seeded.productId]);
    expect((await accept(eventFor(seeded, { id: 'order-1' })))[0]).toEqual({ ...first, duplicate: true });
  });

  it('accept returns the first answer for a repeated id, also after a replay', async () => {
    const event = eventFor(seeded, { id: 'order-1' });
    const [first] = await accept(event);
    await database.db.transaction((db) => replayEvent(db, event.uuid, seeded.subscriptionId));
    expect(await query('select from notifications where product_id = $1', [seeded.productId])).toMatchObject({
      rowCount: 2,
    });
    expect((await accept(eventFor(seeded, { id: 'order-1' })))[0]).toEqual({ ...first, duplicate: true });
  });

  it('accept reports a conflict if the same id comes with a different body', async () => {
    await accept(eventFor(seeded, { id: 'order-1' }));
    expect(faults(await accept(eventFor(seeded, { id: 'order-1', bodyHash: Buffer.from('other') })))).toEqual([
      'event-id-conflict',
    ]);
  });

  it('accept lets two products use the same event id', async () => {
    const other = await seed(database.db, { url: 'http://127.0.0.1:1/' });
    const results = await accept(eventFor(seeded, { id: 'same' }), eventFor(other, { id: 'same' }));
    expect(results.map((result) => result.kind === 'accepted' && result.duplicate)).toEqual([false, false]);
  });

  it('accept counts an id once within a batch', async () => {
    const results = await accept(eventFor(seeded, { id: 'twice' }), eventFor(seeded, { id: 'twice' }));
    expect(results.map((result) => result.kind === 'accepted' && result.duplicate)).toEqual([false, true]);
  });

  it('accept counts an id once under concurrent posts', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => accept(eventFor(seeded, { id: 'race' }))));
    const flat = results.flat();
    expect(flat.filter((result) => result.kind === 'accepted' && !result.duplicate)).toHaveLength(1);
    expect(new Set(flat.map((result) => notified(result).join())).size).toBe(1);
  });
});

describe('matching', () => {
  const subscribe = async (eventTypes: string[]) => {
    await setSubscription(seeded.subscriptionId, 'event_types', eventTypes);
    await setSubscription(seeded.subscriptionId, 'event_type_regex', patternRegex(eventTypes));
  };
  const matches = async (overrides = {}) => notified((await accept(eventFor(seeded, overrides)))[0]).length > 0;

  it.each([
    [['payment.*.v1'], true],
    [['payment.*'], true],
    [['*'], true],
    [['invoice.*'], false],
    [['payment.*.v2'], false],
    [['other', 'payment.*.v1'], true],
  ])('accept matches the event type against the patterns %j: %s', async (eventTypes, expected) => {
    await subscribe(eventTypes);
    expect(await matches()).toBe(expected);
  });

  it('accept matches events by channel, and all events for a subscription without channels', async () => {
    expect(await matches({ channels: ['client_1'] })).toBe(true);
    await setSubscription(seeded.subscriptionId, 'channels', ['client_1', 'agent_2']);
    expect(await matches({ channels: ['agent_2', 'x'] })).toBe(true);
    expect(await matches({ channels: ['client_2'] })).toBe(false);
    expect(await matches({ channels: [] })).toBe(false);
  });

  it('accept skips subscriptions that are deleted or bound to another product', async () => {
    const other = await seed(database.db, { url: 'http://127.0.0.1:1/' });
    await setSubscription(seeded.subscriptionId, 'product_id', other.productId);
    expect(await matches()).toBe(false);
    await setSubscription(seeded.subscriptionId, 'product_id', seeded.productId);
    await setSubscription(seeded.subscriptionId, 'deleted_at', new Date());
    expect(await matches()).toBe(false);
  });

  it('accept sends an event without a customer to all customers of the product and to shared ones', async () => {
    const shared = await seed(database.db, { url: 'http://127.0.0.1:1/' });
    await query('update customers set product_id = null where id = $1', [shared.customerId]);
    const [result] = await accept(eventFor(seeded, { customerId: undefined }));
    expect(notified(result)).toEqual([seeded.subscriptionId]);
    await setSubscription(shared.subscriptionId, 'product_id', null);
    await setSubscription(shared.subscriptionId, 'event_type_regex', '^.+$');
    const [again] = await accept(eventFor(seeded, { customerId: undefined }));
    expect(notified(again)).toContain(shared.subscriptionId);
  });

  it('accept sees a subscription that was just created', async () => {
    const before = notified((await accept(eventFor(seeded)))[0]);
    const made = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:2/' }, 'new');
    expect(notified((await accept(eventFor(seeded)))[0])).toEqual([...before, made]);
  });
});

describe('initial status', () => {
  const statusWith = async (assignment: string, value: unknown) => {
    await setSubscription(seeded.subscriptionId, assignment, value);
    return (await acceptOne(database.db, seeded))[0]!.status;
  };

  it('accept creates a pending notification if the subscription takes deliveries', async () => {
    expect((await acceptOne(database.db, seeded))[0]!.status).toBe('pending');
  });

  it.each([
    ['enabled', false],
    ['out_of_order_at', new Date()],
    ['url_approved', false],
    ['settling_since', new Date()],
  ])('accept holds the notification if %s is %s', async (assignment, value) => {
    expect(await statusWith(assignment, value)).toBe('held');
  });

  it('accept holds the notification until the challenge is passed, if the product requires it', async () => {
    await query('update products set require_verification = true where id = $1', [seeded.productId]);
    expect((await acceptOne(database.db, seeded))[0]!.status).toBe('held');
    expect(await statusWith('verification_status', 'verified')).toBe('pending');
  });
});

it("accept prefers the retry schedule of the subscription to the customer's, and derives the lane from the timeout", async () => {
  expect((await acceptOne(database.db, seeded))[0]).toMatchObject({ schedule: [30, 300, 1800, 7200], lane: 'fast' });
  await setSubscription(seeded.subscriptionId, 'retry_schedule', [1, 2]);
  await setSubscription(seeded.subscriptionId, 'timeout_seconds', 60);
  expect((await acceptOne(database.db, seeded))[0]).toMatchObject({ schedule: [1, 2], lane: 'slow' });
});

it('each notification of a group carries the facts of its own subscription and event type', async () => {
  const second = await seedSubscription(database.db, seeded, { url: 'http://127.0.0.1:2/' }, 'second');
  await setSubscription(second, 'retry_schedule', [7]);
  const defined = `defined-${seeded.eventType}`;
  await query('insert into event_types (name, product_id) values ($1, $2)', [defined, seeded.productId]);
  await putDefinition(database.db, defined, { steps: [], transform: null });
  for (const id of [seeded.subscriptionId, second]) {
    await setSubscription(id, 'event_types', ['*']);
    await setSubscription(id, 'event_type_regex', patternRegex(['*']));
  }
  const events = [seeded.eventType, defined, seeded.eventType, defined].map((type) => eventFor(seeded, { type }));
  const results = await acceptEvents(database.db, events, 'process-1');
  const notifications = results.flatMap((result) => (result.kind === 'accepted' ? result.notifications : []));
  const expected = ['none', 'defined', 'none', 'defined'].flatMap((definition) => [
    { url: 'http://127.0.0.1:1/', schedule: [30, 300, 1800, 7200], definition, secrets: 1 },
    { url: 'http://127.0.0.1:2/', schedule: [7], definition, secrets: 1 },
  ]);
  expect(notifications.map(({ claimed }) => claimed)).toEqual(expected.map(() => true));
  // The revision of the subscription does not cover the service definition of an event type.
  expect(notifications.map(({ subscriptionRevision }) => subscriptionRevision === null)).toEqual(
    expected.map(({ definition }) => definition === 'defined'),
  );
  const needs = (subscription: DeliverySubscription | null | undefined, schedule: readonly number[]) => ({
    url: subscription?.url,
    schedule,
    definition: subscription?.definition ? 'defined' : 'none',
    secrets: subscription?.secrets.length,
  });
  const ids = notifications.map(({ notificationId }) => notificationId);
  const loaded = async () =>
    (await loadDeliveries(database.db, ids)).map((delivery, index) =>
      needs(delivery!.subscription, notifications[index]!.schedule),
    );
  expect(await loaded()).toEqual(expected);
  await setSubscription(second, 'deleted_at', new Date());
  expect((await loaded()).map(({ url }) => url)).toEqual(
    expected.map(({ url }) => (url!.includes(':1/') ? url : undefined)),
  );
});

it('notification ids sort in order of acceptance and belong to the partition of the day', async () => {
  const partition = () => `notifications_${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`;
  const before = partition();
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await acceptOne(database.db, seeded))[0]!.notificationId);
  expect([...ids].sort()).toEqual(ids);
  const { rows } = await query(
    'select distinct tableoid::regclass::text as partition from notifications where product_id = $1 order by 1',
    [seeded.productId],
  );
  expect(rows.length).toBeGreaterThan(0);
  // A day may end meanwhile.
  expect([...new Set([before, partition()])]).toEqual(expect.arrayContaining(rows.map((row) => row.partition)));
});

it('accept falls back to the default partition for a day without one', async () => {
  const far = uuidFloor(Date.parse('2090-01-01T00:00:00Z'));
  const [result] = await accept(eventFor(seeded, { uuid: far }));
  expect(faults([result!])).toEqual(['accepted']);
});
