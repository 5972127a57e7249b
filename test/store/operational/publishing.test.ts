import { publishRaised } from '../../../src/store/operational/publish';
import { raiseSecretRevealed } from '../../../src/store/operational/raising';
import { deleteOldStates } from '../../../src/store/operational/states';
import { markOutOfOrder } from '../../../src/store/subscriptions/out-of-order';
import { DAY, OperationalEvents, RULES, URL } from '../../support/operational-events';
import { setSubscription } from '../../support/rows';
import { seedSubscription } from '../../support/seed';

const on = new OperationalEvents();
const { query, failing, afterFailure, publish, events, summary } = on;

it('operational events are not delivered to a follower that listens to certain channels, because they have none', async () => {
  const listener = await on.follow('of certain channels');
  await setSubscription(on.database.db, listener, "channels = '{ops}'");
  await failing(5, 121 * 3600);
  await afterFailure();
  const { notifications } = await publish();
  expect(notifications.map(({ subscriptionId }) => subscriptionId)).toEqual([on.follower]);
});

it('operational events are delivered in the lane of the follower', async () => {
  await setSubscription(on.database.db, on.follower, "slow_until = now() + interval '1 minute'");
  await failing(5, 121 * 3600);
  await afterFailure();
  expect((await publish()).notifications).toMatchObject([{ subscriptionId: on.follower, lane: 'slow' }]);
});

it('publishing fails and is repeated without an event that is lost or doubled', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  const dying = {
    ...on.database.db,
    transaction: <T>(work: Parameters<typeof on.database.db.transaction<T>>[0]) =>
      on.database.db.transaction(async (executor) => {
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
      Array.from({ length: 30 }, (_, index) =>
        seedSubscription(on.database.db, on.seeded, { url: URL }, `many ${index}`),
      ),
    );
    for (const id of ids) await markOutOfOrder(on.database.db, id, 'gone');
    const rules = { ...RULES, eventsPerMinute: 5 };
    const { notifications } = await publish(rules);
    expect(notifications).toHaveLength(5);
    expect((await events()).map(({ data }) => data.alsoAffected)).toEqual([0, 0, 0, 0, 25]);
    await markOutOfOrder(on.database.db, on.seeded.subscriptionId, 'gone');
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
      await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: `key_${one}`, name: 'support' }, 'api');
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
  await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  await on.database.db.transaction(async (other) => {
    await other.query({ text: 'select pg_advisory_xact_lock(5019023)' });
    expect((await publish()).notifications).toEqual([]);
  });
  expect((await publish()).notifications).toHaveLength(1);
});

it('events about a subscription that was deleted meanwhile are dropped', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'deleted_at = now()');
  await publish();
  await deleteOldStates(on.database.db, RULES.quietSeconds);
  expect(await events()).toEqual([]);
  expect(await query('select from operational_states')).toEqual([]);
});

it('each reveal of a secret is an event, which names the caller and not the secret', async () => {
  for (const how of ['api', 'link'] as const)
    await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: 'key_1', name: 'support' }, how);
  await publish();
  expect((await events()).map(({ data }) => data)).toEqual(
    ['api', 'link'].map((how) => ({
      subscriptionId: on.seeded.subscriptionId,
      customerId: on.seeded.customerId,
      name: 'main',
      by: { id: 'key_1', name: 'support' },
      how,
      at: expect.any(String),
      alsoAffected: 0,
    })),
  );
});

it('a reveal is reported though the subscription was deleted right after it', async () => {
  await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'deleted_at = now()');
  await publish();
  expect((await events()).map(({ data }) => data.name)).toEqual(['main']);
});

it('a reveal is not reported once the erasure of the customer has begun', async () => {
  await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
  await setSubscription(on.database.db, on.seeded.subscriptionId, 'deleted_at = now()');
  await on.database.db.query({
    text: 'update customers set erasing = true where id = $1',
    values: [on.seeded.customerId],
  });
  await publish();
  expect(await events()).toEqual([]);
  expect(await query('select from operational_outbox')).toEqual([]);
});
