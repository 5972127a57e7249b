import {
  EXHAUSTED_EVENT,
  FAILING_EVENT,
  OUT_OF_ORDER_EVENT,
  RECOVERED_EVENT,
} from '../../../src/domain/operational-events';
import { createRecorder } from '../../../src/store/notifications/recorder';
import { failNotification } from '../../../src/store/notifications/transitions';
import { raiseFailing, raiseRecovered, raiseSecretRevealed } from '../../../src/store/operational/raising';
import { markOutOfOrder } from '../../../src/store/subscriptions/out-of-order';
import { attemptRecord } from '../../support/attempt-record';
import { DAY, OperationalEvents, RULES } from '../../support/operational-events';
import { setNotification, setSubscription } from '../../support/rows';
import { acceptOne } from '../../support/seed';

const on = new OperationalEvents();
const { query, failing, delivered, afterFailure, publish, publishLater, later, events, summary } = on;

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
    expect(notifications.map(({ subscriptionId }) => subscriptionId)).toEqual([on.follower]);
    expect(await events()).toEqual([
      {
        type: FAILING_EVENT,
        data: {
          subscriptionId: on.seeded.subscriptionId,
          customerId: on.seeded.customerId,
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
    on.database.db,
    on.seeded.subscriptionId,
    'out_of_order_at = null, failure_period = failure_period + 1',
  );
  await raiseRecovered(on.database.db);
  expect(await query('select from operational_outbox')).toEqual([]);
  await delivered();
  await raiseRecovered(on.database.db);
  await raiseRecovered(on.database.db);
  await publish();
  expect((await events()).slice(4)).toEqual([
    {
      type: RECOVERED_EVENT,
      data: {
        subscriptionId: on.seeded.subscriptionId,
        customerId: on.seeded.customerId,
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
    await raiseRecovered(on.database.db);
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
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'failure_period = failure_period + 1');
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
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'failure_period = failure_period + 1');
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
  await raiseRecovered(on.database.db);
  await publish();
  expect(await summary()).toEqual(['failing 70']);
  await delivered();
  await raiseRecovered(on.database.db);
  await publish();
  expect(await summary()).toEqual(['failing 70', 'recovered']);
});

it('a delivery is no recovery of a receiver that was changed since', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await publish();
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'failure_period = failure_period + 1');
  const found = async () => {
    await raiseRecovered(on.database.db);
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
  await afterFailure(on.seeded.subscriptionId, rules);
  await failing(10, 200 * DAY);
  await afterFailure(on.seeded.subscriptionId, rules);
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
  await Promise.all([raiseRecovered(on.database.db), raiseRecovered(on.database.db), raiseRecovered(on.database.db)]);
  await Promise.all([publish(), publish()]);
  expect(await summary()).toEqual(['failing 70', 'recovered']);
});

describe('a notification that failed for good', () => {
  const fail = async (outcome: 'failed' | 'delivered' = 'failed') => {
    const [notification] = await acceptOne(on.database.db, on.seeded);
    await createRecorder(on.database.db)(attemptRecord(notification!, { status: outcome }));
    return notification!.notificationId;
  };

  it('is reported in the commit of its last attempt, once until a delivery succeeds', async () => {
    const first = await fail();
    expect(await query('select type from operational_outbox')).toEqual([{ type: EXHAUSTED_EVENT }]);
    await fail();
    await publishLater();
    await fail();
    await publishLater();
    await later();
    await fail();
    await publishLater();
    expect(await events()).toEqual([
      expect.anything(),
      expect.anything(),
      {
        type: EXHAUSTED_EVENT,
        data: {
          subscriptionId: on.seeded.subscriptionId,
          customerId: on.seeded.customerId,
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
    await publishLater();
    const exhausted = async () => (await events()).filter(({ type }) => type === EXHAUSTED_EVENT).length;
    expect(await exhausted()).toBe(2);
  });

  it('is reported once in the quiet time, also if deliveries succeed in between', async () => {
    const exhausted = async () => (await events()).filter(({ type }) => type === EXHAUSTED_EVENT).length;
    for (let round = 0; round < 3; round++) {
      await fail();
      await publishLater();
      await fail('delivered');
    }
    expect(await exhausted()).toBe(1);
    await later();
    await fail();
    await publishLater();
    expect(await exhausted()).toBe(2);
  });

  it('is reported if a shorter retry schedule ends its ladder', async () => {
    const [notification] = await acceptOne(on.database.db, on.seeded);
    await setNotification(on.database.db, notification!.notificationId, "status = 'retrying', attempt_count = 2");
    expect(await failNotification(on.database.db, notification!.notificationId)).toBe('failed');
    await publishLater();
    expect((await events()).at(-1)).toMatchObject({
      type: EXHAUSTED_EVENT,
      data: { notificationId: notification!.notificationId, attempts: 2 },
    });
  });

  it('is not reported beside the event that its subscription is out of order', async () => {
    await fail();
    // The subscription is disabled after its failure is recorded.
    await publish();
    await markOutOfOrder(on.database.db, on.seeded.subscriptionId, 'gone');
    await publishLater();
    expect((await events()).map(({ type }) => type)).toEqual([on.seeded.eventType, OUT_OF_ORDER_EVENT]);
  });

  it('waits for the next minute without being lost or taken for a repeat', async () => {
    const rules = { ...RULES, eventsPerMinute: 1 };
    await query(`insert into operational_pace values ($1, date_trunc('minute', now()), 1)`, [EXHAUSTED_EVENT]);
    await fail();
    await publishLater(rules);
    await publishLater(rules);
    expect(await query('select from operational_outbox')).toHaveLength(1);
    await query("update operational_pace set minute = minute - interval '1 minute'");
    await publishLater(rules);
    expect((await events()).at(-1)).toMatchObject({ type: EXHAUSTED_EVENT });
  });
});

it('failures are not reported if the configuration was changed since they were counted', async () => {
  await failing(9, 200 * DAY);
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'failure_period = failure_period + 1');
  await afterFailure();
  // The change may come between the two statements that follow a failed attempt.
  await raiseFailing(on.database.db, on.seeded.subscriptionId, RULES);
  expect(await query('select from operational_outbox')).toEqual([]);
});

describe('operators', () => {
  it('get no events about their own failing subscriptions', async () => {
    await failing(9, 200 * DAY, on.follower);
    await afterFailure(on.follower);
    await failing(10, 200 * DAY, on.follower);
    await afterFailure(on.follower);
    await delivered(on.follower);
    await raiseRecovered(on.database.db);
    expect(await query('select from operational_outbox')).toEqual([]);
    expect(await query('select from operational_states')).toEqual([]);
  });

  it('get no event about a failed notification of an operational event', async () => {
    await markOutOfOrder(on.database.db, on.seeded.subscriptionId, 'gone');
    const { notifications } = await publishLater();
    await createRecorder(on.database.db)(attemptRecord(notifications[0]!, { status: 'failed' }));
    expect(await query('select from operational_outbox')).toEqual([]);
  });

  it('who follow nothing cost no events', async () => {
    await setSubscription(on.database.db, on.follower, 'deleted_at = now()');
    await failing(7, 4 * DAY);
    await afterFailure();
    await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
    await publishLater();
    expect(await events()).toEqual([]);
    expect(await query('select from operational_outbox')).toEqual([]);
  });
});
