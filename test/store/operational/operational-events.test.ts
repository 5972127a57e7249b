import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { decodeId, newUuid } from '../../../src/domain/ids';
import {
  BACKLOG_EVENT,
  EXHAUSTED_EVENT,
  FAILING_EVENT,
  OPERATIONAL_EVENTS,
  OUT_OF_ORDER_EVENT,
  RECOVERED_EVENT,
} from '../../../src/domain/operational-events';
import { createRecorder } from '../../../src/store/notifications/recorder';
import { failNotification } from '../../../src/store/notifications/transitions';
import { publishRaised } from '../../../src/store/operational/publish';
import { raiseFailing, raiseRecovered, raiseSecretRevealed } from '../../../src/store/operational/raising';
import { deleteOldStates, noteBacklog } from '../../../src/store/operational/states';
import { markOutOfOrder, markOutOfOrderIfFailing } from '../../../src/store/subscriptions/out-of-order';
import { attemptRecord } from '../../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setNotification, setSubscription } from '../../support/rows';
import { acceptOne, seed, seedSubscription, type Seeded } from '../../support/seed';

const RULES = { failingPercents: [50, 70, 90], quietSeconds: 600, eventsPerMinute: 20, backlogNotifications: 100 };
const URL = 'http://127.0.0.1:1/';
const DAY = 86_400;

let database: TestDatabase;
let seeded: Seeded;
let follower: string;

beforeEach(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: URL });
  await query("insert into customers (id, name, product_id) values ('operators', 'Operators', 'signpost')");
  follower = await seedSubscription(
    database.db,
    { ...seeded, customerId: 'operators', productId: 'signpost', eventType: 'signpost.*' },
    { url: URL },
  );
});
afterEach(() => database.drop());

async function query<Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.query<Row>({ text, values })).rows;
}

/** Makes a subscription look as if its last attempts had failed. */
async function failing(failures: number, sinceSeconds: number, id = seeded.subscriptionId): Promise<void> {
  await query(
    `insert into subscription_attempt_statistics (subscription_id, attempts, successes, failures, failures_since_success, period, period_failures, period_failing_since)
     select id, $2, 0, $2, $2, failure_period, $2, now() - make_interval(secs => $3) from subscriptions where id = $1
     on conflict (subscription_id) do update set period = excluded.period, period_failures = excluded.period_failures,
       period_failing_since = excluded.period_failing_since, period_success_at = null`,
    [decodeId('sub', id), failures, sinceSeconds],
  );
}

async function delivered(id = seeded.subscriptionId): Promise<void> {
  await query(
    `update subscription_attempt_statistics t set period_failures = 0, period_failing_since = null, period_success_at = now(),
       last_success_at = now(), last_success_attempt_id = $2, period = s.failure_period from subscriptions s where s.id = subscription_id and s.id = $1`,
    [decodeId('sub', id), newUuid()],
  );
}

/** What follows a failed attempt. */
const afterFailure = (id = seeded.subscriptionId, rules = RULES) => markOutOfOrderIfFailing(database.db, id, rules);
const publish = (rules = RULES) => publishRaised(database.db, rules);
/** Lets the quiet time pass. */
const later = () => query("update operational_states set changed_at = changed_at - interval '1 day'");

type Data = Record<string, unknown> & { percent?: number; alsoAffected?: number };
/** The events so far: type and data. */
const events = () => query<{ type: string; data: Data }>('select type, data from events order by id');
const summary = async () =>
  (await events()).map(({ type, data }) => (type === FAILING_EVENT ? `failing ${data.percent}` : type.split('.')[2]));

it('are not delivered to a follower that listens to certain channels, because they have none', async () => {
  const listener = await seedSubscription(
    database.db,
    { ...seeded, customerId: 'operators', productId: 'signpost', eventType: 'signpost.*' },
    { url: URL },
    'of certain channels',
  );
  await setSubscription(database.db, listener, "channels = '{ops}'");
  await failing(5, 121 * 3600);
  await afterFailure();
  const { notifications } = await publish();
  expect(notifications.map(({ subscriptionId }) => subscriptionId)).toEqual([follower]);
});

it('are delivered in the lane of the follower', async () => {
  await setSubscription(database.db, follower, "slow_until = now() + interval '1 minute'");
  await failing(5, 121 * 3600);
  await afterFailure();
  expect((await publish()).notifications).toMatchObject([{ subscriptionId: follower, lane: 'slow' }]);
});

it.each([
  [5, 121 * 3600, 50],
  [6, 121 * 3600, 50],
  [7, 2.6 * DAY, 50],
  [8, 3.6 * DAY, 70],
  [9, 200 * DAY, 90],
  [500, 4.6 * DAY, 90],
])(
  '%s failures in %s seconds are reported as %s percent of the out-of-order rule',
  async (failures, seconds, percent) => {
    await failing(failures, seconds);
    expect(await afterFailure()).toBe(false);
    const { notifications } = await publish();
    expect(notifications.map(({ subscriptionId }) => subscriptionId)).toEqual([follower]);
    expect(await events()).toEqual([
      {
        type: FAILING_EVENT,
        data: {
          subscriptionId: seeded.subscriptionId,
          customerId: seeded.customerId,
          name: 'main',
          percent,
          failures,
          failingSince: expect.stringMatching(/^20.*\.\d{3}Z$/),
          rule: { afterSeconds: 432_000, minFailures: 10 },
          at: expect.stringMatching(/^20.*\.\d{3}Z$/),
          alsoAffected: 0,
        },
      },
    ]);
  },
);

it.each([
  ['fewer failures than half of the rule', 4, 121 * 3600],
  ['less time than half of the rule', 100, 2.4 * DAY],
])('%s are not reported', async (_, failures, seconds) => {
  await failing(failures, seconds);
  await afterFailure();
  await publish();
  expect(await events()).toEqual([]);
});

it('each percentage is reported once, then that the subscription is out of order, then that it recovered', async () => {
  for (const [failures, days] of [
    [5, 2.6],
    [6, 2.7],
    [7, 3.6],
    [8, 3.6],
    [9, 4.6],
    [9, 4.7],
    [10, 5.1],
  ]) {
    await failing(failures!, days! * DAY);
    await afterFailure();
    await publish();
  }
  expect(await summary()).toEqual(['failing 50', 'failing 70', 'failing 90', 'out-of-order']);
  await setSubscription(
    database.db,
    seeded.subscriptionId,
    'out_of_order_at = null, failure_period = failure_period + 1',
  );
  await raiseRecovered(database.db);
  expect(await query('select from operational_outbox')).toEqual([]);
  await delivered();
  await raiseRecovered(database.db);
  await raiseRecovered(database.db);
  await publish();
  expect((await events()).slice(4)).toEqual([
    {
      type: RECOVERED_EVENT,
      data: {
        subscriptionId: seeded.subscriptionId,
        customerId: seeded.customerId,
        name: 'main',
        was: 'out-of-order',
        percent: 100,
        at: expect.any(String),
        alsoAffected: 0,
      },
    },
  ]);
});

it('a subscription that fails and recovers all the time is reported once in the quiet time', async () => {
  for (let round = 0; round < 5; round++) {
    await failing(5, 2.6 * DAY);
    await afterFailure();
    await publish();
    await delivered();
    await raiseRecovered(database.db);
    await publish();
  }
  expect(await summary()).toEqual(['failing 50', 'recovered']);
  await later();
  await failing(5, 2.6 * DAY);
  await afterFailure();
  await publish();
  expect(await summary()).toEqual(['failing 50', 'recovered', 'failing 50']);
});

it('a changed receiver that fails again is reported again after the quiet time', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await setSubscription(database.db, seeded.subscriptionId, 'failure_period = failure_period + 1');
  await failing(5, 2.6 * DAY);
  await afterFailure();
  await later();
  await afterFailure();
  await publish();
  expect(await summary()).toEqual(['failing 50']);
  expect(await query('select from operational_states where level = 50 and period = 1')).toHaveLength(1);
});

it('failures of the receiver before it was changed are not reported', async () => {
  await failing(9, 200 * DAY);
  await setSubscription(database.db, seeded.subscriptionId, 'failure_period = failure_period + 1');
  await afterFailure();
  await publish();
  expect(await events()).toEqual([]);
});

it('a delivery from before the failures is no recovery', async () => {
  await failing(1, 60);
  await delivered();
  await query(
    `update subscription_attempt_statistics set period_failures = 7, period_failing_since = now() - interval '4 days'`,
  );
  await afterFailure();
  await raiseRecovered(database.db);
  await publish();
  expect(await summary()).toEqual(['failing 70']);
  await delivered();
  await raiseRecovered(database.db);
  await publish();
  expect(await summary()).toEqual(['failing 70', 'recovered']);
});

it('a delivery is no recovery of a receiver that was changed since', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await publish();
  await setSubscription(database.db, seeded.subscriptionId, 'failure_period = failure_period + 1');
  const found = async () => {
    await raiseRecovered(database.db);
    return (await query('select type from operational_outbox')).length;
  };
  // An attempt that began before the change.
  await query(
    'update subscription_attempt_statistics set period_success_at = now(), last_success_attempt_id = gen_random_uuid()',
  );
  expect(await found()).toBe(0);
  await failing(1, 60);
  expect(await found()).toBe(0);
  await delivered();
  expect(await found()).toBe(1);
});

it('without percentages a subscription is reported only when it is out of order', async () => {
  const rules = { ...RULES, failingPercents: [] };
  await failing(9, 200 * DAY);
  await afterFailure(seeded.subscriptionId, rules);
  await failing(10, 200 * DAY);
  await afterFailure(seeded.subscriptionId, rules);
  await publish();
  expect(await summary()).toEqual(['out-of-order']);
});

it('two processes that find the same level raise one event, and one of them publishes it', async () => {
  await failing(7, 4 * DAY);
  await Promise.all([afterFailure(), afterFailure(), afterFailure(), afterFailure()]);
  const published = await Promise.all([publish(), publish(), publish()]);
  expect(published.flatMap(({ notifications }) => notifications)).toHaveLength(1);
  expect(await summary()).toEqual(['failing 70']);
});

it('two processes that see a recovery raise one event', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await publish();
  await delivered();
  await Promise.all([raiseRecovered(database.db), raiseRecovered(database.db), raiseRecovered(database.db)]);
  await Promise.all([publish(), publish()]);
  expect(await summary()).toEqual(['failing 70', 'recovered']);
});

describe('a notification that failed for good', () => {
  const fail = async (outcome: 'failed' | 'delivered' = 'failed') => {
    const [notification] = await acceptOne(database.db, seeded);
    await createRecorder(database.db)(attemptRecord(notification!, { status: outcome }));
    return notification!.notificationId;
  };

  it('is reported in the commit of its last attempt, once until a delivery succeeds', async () => {
    const first = await fail();
    expect(await query('select type from operational_outbox')).toEqual([{ type: EXHAUSTED_EVENT }]);
    await fail();
    await publish();
    await fail();
    await publish();
    await later();
    await fail();
    await publish();
    expect(await events()).toEqual([
      expect.anything(),
      expect.anything(),
      {
        type: EXHAUSTED_EVENT,
        data: {
          subscriptionId: seeded.subscriptionId,
          customerId: seeded.customerId,
          name: 'main',
          notificationId: first,
          attempts: 1,
          reason: expect.any(String),
          at: expect.any(String),
          alsoAffected: 0,
        },
      },
      expect.anything(),
      expect.anything(),
    ]);
    await fail('delivered');
    await fail();
    await publish();
    const exhausted = async () => (await events()).filter(({ type }) => type === EXHAUSTED_EVENT).length;
    expect(await exhausted()).toBe(2);
  });

  it('is reported once in the quiet time, also if deliveries succeed in between', async () => {
    const exhausted = async () => (await events()).filter(({ type }) => type === EXHAUSTED_EVENT).length;
    for (let round = 0; round < 3; round++) {
      await fail();
      await publish();
      await fail('delivered');
    }
    expect(await exhausted()).toBe(1);
    await later();
    await fail();
    await publish();
    expect(await exhausted()).toBe(2);
  });

  it('is reported if a shorter retry schedule ends its ladder', async () => {
    const [notification] = await acceptOne(database.db, seeded);
    await setNotification(database.db, notification!.notificationId, "status = 'retrying', attempt_count = 2");
    expect(await failNotification(database.db, notification!.notificationId)).toBe('failed');
    await publish();
    expect((await events()).at(-1)).toMatchObject({
      type: EXHAUSTED_EVENT,
      data: { notificationId: notification!.notificationId, attempts: 2 },
    });
  });

  it('is not reported beside the event that its subscription is out of order', async () => {
    await fail();
    await markOutOfOrder(database.db, seeded.subscriptionId, 'gone');
    await publish();
    expect((await events()).map(({ type }) => type)).toEqual([seeded.eventType, OUT_OF_ORDER_EVENT]);
  });

  it('waits for the next minute without being lost or taken for a repeat', async () => {
    const rules = { ...RULES, eventsPerMinute: 1 };
    await query(`insert into operational_pace values ($1, date_trunc('minute', now()), 1)`, [EXHAUSTED_EVENT]);
    await fail();
    await publish(rules);
    await publish(rules);
    expect(await query('select from operational_outbox')).toHaveLength(1);
    await query("update operational_pace set minute = minute - interval '1 minute'");
    await publish(rules);
    expect((await events()).at(-1)).toMatchObject({ type: EXHAUSTED_EVENT });
  });
});

it('publishing fails and is repeated without an event that is lost or doubled', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  const dying = {
    ...database.db,
    transaction: <T>(work: Parameters<typeof database.db.transaction<T>>[0]) =>
      database.db.transaction(async (executor) => {
        await work(executor);
        throw new Error('the process was killed before the commit');
      }),
  };
  await expect(publishRaised(dying, RULES)).rejects.toThrow('killed');
  expect(await events()).toEqual([]);
  await publish();
  await publish();
  expect(await summary()).toEqual(['failing 70']);
});

describe('many subscriptions that turn together', () => {
  it('are published as a limited number of events, the last of which counts the others', async () => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, (_, index) => seedSubscription(database.db, seeded, { url: URL }, `many ${index}`)),
    );
    for (const id of ids) await markOutOfOrder(database.db, id, 'gone');
    const rules = { ...RULES, eventsPerMinute: 5 };
    const { notifications } = await publish(rules);
    expect(notifications).toHaveLength(5);
    expect((await events()).map(({ data }) => data.alsoAffected)).toEqual([0, 0, 0, 0, 25]);
    await markOutOfOrder(database.db, seeded.subscriptionId, 'gone');
    expect((await publish(rules)).notifications).toEqual([]);
    await query("update operational_pace set minute = minute - interval '1 minute'");
    expect((await publish(rules)).notifications).toHaveLength(1);
    expect(await query('select from operational_outbox')).toEqual([]);
  });
});

it('a minute has a limited number of events of a type, however many publications there are', async () => {
  const rules = { ...RULES, eventsPerMinute: 5 };
  const raiseAndPublish = async (count: number) => {
    for (let one = 0; one < count; one++)
      await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: `key_${one}`, name: 'support' }, 'api');
    return (await publish(rules)).notifications.length;
  };
  const minute = async () =>
    (await query<{ now: Date }>("select date_trunc('minute', now()) as now"))[0]!.now.getTime();
  let counts: number[];
  let began: number;
  // Again if a minute ends in between.
  do {
    await query('truncate events, operational_pace');
    began = await minute();
    counts = [await raiseAndPublish(2), await raiseAndPublish(2), await raiseAndPublish(4)];
  } while ((await minute()) !== began);
  expect(counts).toEqual([2, 2, 1]);
  expect((await events()).at(-1)!.data).toMatchObject({ by: { id: 'key_0' }, alsoAffected: 3 });
  await query("update operational_pace set minute = minute - interval '1 minute'");
  expect([await raiseAndPublish(2), await raiseAndPublish(3)]).toEqual([2, 3]);
});

it('events are published by one process at a time', async () => {
  await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  await database.db.transaction(async (other) => {
    await other.query({ text: 'select pg_advisory_xact_lock(5019023)' });
    expect((await publish()).notifications).toEqual([]);
  });
  expect((await publish()).notifications).toHaveLength(1);
});

it('failures are not reported if the configuration was changed since they were counted', async () => {
  await failing(9, 200 * DAY);
  await setSubscription(database.db, seeded.subscriptionId, 'failure_period = failure_period + 1');
  await afterFailure();
  // The change may come between the two statements that follow a failed attempt.
  await raiseFailing(database.db, seeded.subscriptionId, RULES);
  expect(await query('select from operational_outbox')).toEqual([]);
});

describe('operators', () => {
  it('get no events about their own failing subscriptions', async () => {
    await failing(9, 200 * DAY, follower);
    await afterFailure(follower);
    await failing(10, 200 * DAY, follower);
    await afterFailure(follower);
    await delivered(follower);
    await raiseRecovered(database.db);
    expect(await query('select from operational_outbox')).toEqual([]);
    expect(await query('select from operational_states')).toEqual([]);
  });

  it('get no event about a failed notification of an operational event', async () => {
    await markOutOfOrder(database.db, seeded.subscriptionId, 'gone');
    const { notifications } = await publish();
    await createRecorder(database.db)(attemptRecord(notifications[0]!, { status: 'failed' }));
    expect(await query('select from operational_outbox')).toEqual([]);
  });

  it('who follow nothing cost no events', async () => {
    await setSubscription(database.db, follower, 'deleted_at = now()');
    await failing(7, 4 * DAY);
    await afterFailure();
    await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
    await publish();
    expect(await events()).toEqual([]);
    expect(await query('select from operational_outbox')).toEqual([]);
  });
});

it('events about a subscription that was deleted meanwhile are dropped', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  await publish();
  await deleteOldStates(database.db, RULES.quietSeconds);
  expect(await events()).toEqual([]);
  expect(await query('select from operational_states')).toEqual([]);
});

it('each reveal of a secret is an event, which names the caller and not the secret', async () => {
  for (const how of ['api', 'link'] as const)
    await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, how);
  await publish();
  expect((await events()).map(({ data }) => data)).toEqual(
    ['api', 'link'].map((how) => ({
      subscriptionId: seeded.subscriptionId,
      customerId: seeded.customerId,
      name: 'main',
      by: { id: 'key_1', name: 'support' },
      how,
      at: expect.any(String),
      alsoAffected: 0,
    })),
  );
});

it('a reveal is reported though the subscription was deleted right after it', async () => {
  await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  await publish();
  expect((await events()).map(({ data }) => data.name)).toEqual(['main']);
});

it('a reveal is not reported once the erasure of the customer has begun', async () => {
  await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  await setSubscription(database.db, seeded.subscriptionId, 'deleted_at = now()');
  await database.db.query({ text: 'update customers set erasing = true where id = $1', values: [seeded.customerId] });
  await publish();
  expect(await events()).toEqual([]);
  expect(await query('select from operational_outbox')).toEqual([]);
});

it('a backlog is reported when it reaches the threshold, and again after it fell to half of it', async () => {
  const oldestOpenedAt = new Date('2026-01-31T12:00:00Z');
  const note = async (count: number) => {
    await noteBacklog(database.db, { count, oldestOpenedAt }, RULES);
    await publish();
  };
  for (const count of [99, 100, 5000, 99, 51, 100]) await note(count);
  expect(await events()).toEqual([
    {
      type: BACKLOG_EVENT,
      data: { pending: 100, threshold: 100, oldestPendingAt: '2026-01-31T12:00:00.000Z', at: expect.any(String) },
    },
  ]);
  await note(50);
  await note(100);
  expect(await events()).toHaveLength(1);
  await later();
  await note(100);
  expect(await events()).toHaveLength(2);
});

it('a backlog around its threshold, and one that stays high for days, is reported once', async () => {
  const note = async (count: number) => {
    await noteBacklog(database.db, { count, oldestOpenedAt: null }, RULES);
    await deleteOldStates(database.db, RULES.quietSeconds);
    await later();
    await publish();
  };
  for (const count of [100, 100, 99, 51, 100, 5000]) await note(count);
  expect(await events()).toHaveLength(1);
  await note(50);
  await note(100);
  expect(await events()).toHaveLength(2);
});

it('states that are over are deleted after the quiet time, and those that last are kept', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await later();
  await deleteOldStates(database.db, RULES.quietSeconds);
  expect(await query('select from operational_states')).toHaveLength(1);
  await delivered();
  await raiseRecovered(database.db);
  await deleteOldStates(database.db, RULES.quietSeconds);
  expect(await query('select from operational_states')).toHaveLength(1);
  await later();
  await deleteOldStates(database.db, RULES.quietSeconds);
  expect(await query('select from operational_states')).toEqual([]);
});

describe('the catalog', () => {
  const ajv = addFormats(new Ajv({ strict: false }));

  it.each(OPERATIONAL_EVENTS)('has %s with a schema and a sample that matches it', async (name) => {
    const [row] = await query<{ schema: object; sample: object; description: string; product_id: string }>(
      'select * from event_types where name = $1',
      [name],
    );
    expect(row).toMatchObject({ product_id: 'signpost', description: expect.stringMatching(/\.$/) });
    const validate = ajv.compile(row!.schema);
    expect([validate(row!.sample), validate.errors]).toEqual([true, null]);
  });

  it('describes what is published', async () => {
    await failing(7, 4 * DAY);
    await afterFailure();
    await publish();
    await delivered();
    await raiseRecovered(database.db);
    const [notification] = await acceptOne(database.db, seeded);
    await createRecorder(database.db)(attemptRecord(notification!, { status: 'failed' }));
    await publish();
    await markOutOfOrder(database.db, seeded.subscriptionId, 'gone');
    await raiseSecretRevealed(database.db, seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
    await noteBacklog(database.db, { count: 100, oldestOpenedAt: null }, RULES);
    await publish();
    const own = (await events()).filter(({ type }) => type.startsWith('signpost.'));
    expect(own.map(({ type }) => type).sort()).toEqual([...OPERATIONAL_EVENTS].sort());
    for (const { type, data } of own) {
      const [{ schema, sample }] = (await query<{ schema: object; sample: object }>(
        'select schema, sample from event_types where name = $1',
        [type],
      )) as [{ schema: object; sample: object }];
      const validate = ajv.compile(schema);
      expect([type, validate(data), validate.errors]).toEqual([type, true, null]);
      expect(Object.keys(data).sort()).toEqual(Object.keys(sample).sort());
    }
  });
});
