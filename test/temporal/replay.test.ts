import { decodeId } from '../../src/domain/ids';
import { replayEvent } from '../../src/store/notifications/replay';
import { acceptOne, seed, seedSubscription } from '../support/seed';
import { usePipeline } from '../support/use-pipeline';

/** Sending an event to a subscription again, on real Postgres and real Temporal. */
const on = usePipeline();

it('a replayed event is delivered with the same webhook-id, and has a ladder of its own', async () => {
  on.receiver.answerWith([200, 500, 200]);
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1] });
  const [first] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.start(first!);
  await on.reaches(first!.notificationId, 'delivered');
  const { rows } = await on.pipeline.db.query<{ event_id: string }>({
    text: 'select event_id from notifications where id = $1',
    values: [decodeId('ntf', first!.notificationId)],
  });

  const again = (await replayEvent(on.pipeline.db, rows[0]!.event_id, seeded.subscriptionId))!;
  await on.pipeline.workflows.start(again);
  expect(await on.reaches(again.notificationId, 'delivered')).toMatchObject({ attemptCount: 2 });
  expect(await on.find(first!.notificationId)).toMatchObject({ status: 'delivered', attemptCount: 1 });
  expect(new Set(on.receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(on.receiver.requests.map(({ body }) => body)).size).toBe(1);
});

it('an event can be replayed to a subscription that did not get it', async () => {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/first') });
  const [first] = await acceptOne(on.pipeline.db, seeded);
  const other = await seedSubscription(on.pipeline.db, seeded, { url: on.receiver.url('/later') }, 'later');
  const { rows } = await on.pipeline.db.query<{ event_id: string }>({
    text: 'select event_id from notifications where id = $1',
    values: [decodeId('ntf', first!.notificationId)],
  });
  const again = (await replayEvent(on.pipeline.db, rows[0]!.event_id, other))!;
  await on.pipeline.workflows.start(again);
  await on.reaches(again.notificationId, 'delivered');
  expect(on.receiver.requests.map(({ path }) => path)).toEqual(['/later']);
});
