import { encodeId } from '../../src/domain/ids';
import { recoveryWorkflowId } from '../../src/domain/recovery';
import { closeRecovery, findRecovery, insertRecovery } from '../../src/store/notifications/recoveries';
import { RecoveryWorkflows } from '../../src/temporal/recovery-workflows';
import { replayAll } from '../support/histories';
import { notificationRow } from '../support/rows';
import { acceptOne, seed, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';
import { reopenNotification } from '../../src/store/notifications/reopen';

const on = usePipeline();
let recoveries: RecoveryWorkflows;

beforeAll(() => {
  recoveries = new RecoveryWorkflows({ use: () => on.pipeline.temporal }, on.pipeline.taskQueue);
});

/** A subscription with `count` failed notifications, in order of acceptance. */
async function failed(
  count: number,
  options: Partial<SeedOptions> = {},
): Promise<{ seeded: Seeded; ids: string[]; eventIds: string[] }> {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [], ...options });
  const ids: string[] = [];
  const eventIds: string[] = [];
  for (let i = 0; i < count; i++) {
    const id = `event-${seeded.customerId}-${i}`;
    eventIds.push(id);
    ids.push((await acceptOne(on.pipeline.db, seeded, { id }))[0]!.notificationId);
  }
  await on.pipeline.db.query({
    text: `update notifications set status = 'failed', attempt_count = 1, last_attempt_key = 'run:1', reconcile_after = null, finished_at = now()
           where customer_id = $1`,
    values: [seeded.customerId],
  });
  return { seeded, ids, eventIds };
}

const started: string[] = [];

async function start(seeded: Seeded, ratePerSecond = 1000): Promise<string> {
  const { subscriptionId } = seeded;
  const range = { since: new Date(Date.now() - 3_600_000), until: new Date(Date.now() + 1000) };
  const { id } = await insertRecovery(on.pipeline.db, { subscriptionId, ...range, ratePerSecond });
  await recoveries.start(id);
  started.push(id);
  return id;
}
const find = async (id: string) => (await findRecovery(on.pipeline.db, id, {}))!;
const workflow = (id: string) => on.pipeline.temporal.client.workflow.getHandle(recoveryWorkflowId(id));
const ended = (id: string) =>
  until(
    () => find(id),
    ({ status }) => status !== 'running',
  );
const workflowEnds = (id: string) =>
  until(
    () => workflow(id).describe(),
    ({ status }) => status.name !== 'RUNNING',
  );
const received = () => on.receiver.requests.map(({ body }) => JSON.parse(body).id);
/** @param ids - of notifications; returned in the order in which they were retried */
async function retriedOrder(ids: readonly string[]): Promise<string[]> {
  const rows = await Promise.all(ids.map(async (id) => ({ ...(await notificationRow(on.pipeline.db, id)), id })));
  return rows.toSorted((a, b) => a.opened_at.getTime() - b.opened_at.getTime()).map(({ id }) => id);
}

it('a recovery retries all failed notifications in order of acceptance and within its rate', async () => {
  const { seeded, ids, eventIds } = await failed(30);
  const id = await start(seeded, 20);
  expect(await ended(id)).toMatchObject({ status: 'completed', total: 30, retried: 30, skipped: 0 });
  await on.receiver.waitFor(30);
  // A recovery that waited too long for an attempt goes on, and requests may overtake each other.
  expect(received().toSorted()).toEqual(eventIds.toSorted());
  expect(await retriedOrder(ids.toReversed())).toEqual(ids);
  const at = on.receiver.requests.map((request) => request.at.getTime());
  expect(at.at(-1)! - at[0]!).toBeGreaterThanOrEqual((29 / 20) * 1000 * 0.9);
  for (const notificationId of ids) await on.reaches(notificationId, 'delivered');
  expect((await workflowEnds(id)).status.name).toBe('COMPLETED');
});

it('a recovery gives each notification one ladder, and what fails again stays failed', async () => {
  on.receiver.answerWith(500);
  const { seeded } = await failed(3);
  const id = await start(seeded);
  await ended(id);
  await on.receiver.waitFor(3);
  expect(new Set(received()).size).toBe(3);
  expect(await find(id)).toMatchObject({ status: 'completed', total: 3, retried: 3 });
});

it('a recovery skips notifications retried meanwhile and does not touch other subscriptions', async () => {
  const { seeded, ids, eventIds } = await failed(4);
  const other = await failed(1);
  const { subscriptionId } = seeded;
  const recovery = await insertRecovery(on.pipeline.db, {
    subscriptionId,
    since: new Date(Date.now() - 3_600_000),
    until: new Date(Date.now() + 1000),
    ratePerSecond: 1000,
  });
  await reopenNotification(on.pipeline.db, ids[1]!);
  // Reopened and failed again since: a retry of somebody else.
  await reopenNotification(on.pipeline.db, ids[2]!);
  await on.pipeline.db.query({
    text: `update notifications set status = 'failed' where event_id = (select event_id from event_keys where given_id = $1)`,
    values: [eventIds[2]],
  });
  await recoveries.start(recovery.id);
  expect(await ended(recovery.id)).toMatchObject({ status: 'completed', total: 4, retried: 2, skipped: 2 });
  await on.receiver.waitFor(2);
  expect(received().toSorted()).toEqual([eventIds[0], eventIds[3]]);
  expect(await on.find(other.ids[0]!)).toMatchObject({ status: 'failed' });
});

it('a recovery ends when cancelled in the record, also during a wait, and retries nothing more', async () => {
  const { seeded } = await failed(5);
  const id = await start(seeded, 0.1);
  await on.receiver.waitFor(1);
  await closeRecovery(on.pipeline.db, id, 'cancelled');
  await recoveries.cancel(id);
  expect((await workflowEnds(id)).status.name).toBe('COMPLETED');
  expect(await find(id)).toMatchObject({ status: 'cancelled', retried: 1 });
  expect(on.receiver.requests).toHaveLength(1);
});

it.each([
  ['a cancel signal', 'signal', 'COMPLETED'],
  ['a cancellation in the Temporal UI', 'cancel', 'CANCELLED'],
])('a recovery ended by %s is recorded as cancelled', async (_, how, status) => {
  const { seeded } = await failed(5);
  const id = await start(seeded, 0.1);
  await on.receiver.waitFor(1);
  await (how === 'signal' ? workflow(id).signal('cancel') : workflow(id).cancel());
  expect(await ended(id)).toMatchObject({ status: 'cancelled', finishedAt: expect.any(Date) });
  expect((await workflowEnds(id)).status.name).toBe(status);
});

it('a recovery continues where it was after its workflow was lost, and a second start has no effect', async () => {
  const { seeded, ids, eventIds } = await failed(4);
  const id = await start(seeded, 2);
  await recoveries.start(id);
  await on.receiver.waitFor(2);
  // As after the loss of Temporal's database: the record has the progress of the recovery.
  await workflow(id).terminate();
  await recoveries.start(id);
  expect(await ended(id)).toMatchObject({ status: 'completed', retried: 4 });
  await on.receiver.waitFor(4);
  expect(received().toSorted()).toEqual(eventIds);
  expect(await retriedOrder(ids.toReversed())).toEqual(ids);
});

it('a recovery is not resumed after an operator terminated it', async () => {
  const { seeded } = await failed(2);
  const id = await start(seeded, 0.1);
  await on.receiver.waitFor(1);
  expect(await recoveries.resume(id)).toBe(true);
  await workflow(id).terminate();
  expect(await recoveries.resume(id)).toBe(false);
});

it('a recovery fails if its subscription is deleted', async () => {
  const { seeded } = await failed(3);
  await on.pipeline.db.query({
    text: 'update subscriptions set deleted_at = now() where customer_id = $1',
    values: [seeded.customerId],
  });
  expect(await ended(await start(seeded))).toMatchObject({ status: 'failed', retried: 0 });
  expect(on.receiver.requests).toEqual([]);
});

it('a recovery of a disabled subscription holds the notifications', async () => {
  const { seeded, ids } = await failed(1, { enabled: false });
  expect(await ended(await start(seeded))).toMatchObject({ status: 'completed', retried: 1 });
  await on.reaches(ids[0]!, 'held');
});

it('starting an unknown recovery completes without effect', async () => {
  const id = encodeId('rec', '019a0000-0000-7000-8000-000000000000');
  await recoveries.cancel(id);
  await recoveries.start(id);
  expect((await workflowEnds(id)).status.name).toBe('COMPLETED');
});

it('the history of every recovery in this file replays', async () => {
  const histories = await Promise.all(
    started.map(async (id) => ({
      name: id,
      workflowId: recoveryWorkflowId(id),
      history: await workflow(id).fetchHistory(),
    })),
  );
  expect(histories.length).toBeGreaterThan(5);
  expect(await replayAll(histories)).toEqual([]);
});
