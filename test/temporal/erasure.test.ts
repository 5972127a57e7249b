import { WorkflowNotFoundError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Client as PgClient } from 'pg';
import { pino } from 'pino';
import { createEraseBatch } from '../../src/activities/erase-batch';
import { PacedQueue } from '../../src/process/paced-queue';
import { erasureWorkflowId, type Erasure } from '../../src/domain/erasure';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import type { Executor } from '../../src/store/db/database';
import { beginErasure } from '../../src/store/erasure/begin-erasure';
import { findErasure, findStalledErasures } from '../../src/store/erasure/erasures';
import { reopenNotification } from '../../src/store/notifications/reopen';
import { startErasure } from '../../src/temporal/erasure-workflows';
import { WorkflowEraser } from '../../src/temporal/workflow-eraser';
import { replayAll } from '../support/histories';
import { testReconciler } from '../support/reconciler';
import { acceptOne, seed, seedSubscription, TEST_SEALER, type Seeded, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** The workflow of an erasure, on real Postgres and real Temporal. */
const on = usePipeline({ searchAttributes: true });
const started: string[] = [];
const LONG = [3600];

// Temporal deletes histories in the background.
jest.setTimeout(120_000);

const link = () => ({ use: () => on.pipeline.temporal });

async function customer(options: Partial<SeedOptions> = {}): Promise<Seeded> {
  return seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: LONG, ...options });
}

/** Accepts an event and starts its workflow. @returns the id of the notification */
async function notify(seeded: Seeded): Promise<string> {
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.start(notification!);
  return notification!.notificationId;
}

async function request({ customerId }: Seeded): Promise<string> {
  const requested = await on.pipeline.db.transaction((db) => beginErasure(db, customerId, {}));
  started.push(requested!.erasure.id);
  return requested!.erasure.id;
}
async function erase(seeded: Seeded): Promise<string> {
  const id = await request(seeded);
  await startErasure(link(), on.pipeline.taskQueue, id);
  return id;
}
const find = async (id: string): Promise<Erasure> => (await findErasure(on.pipeline.db, id, {}))!;
const finished = (id: string) =>
  until(
    () => find(id),
    ({ status }) => status === 'completed',
    90_000,
  );
const workflow = (id: string) => on.pipeline.temporal.client.workflow.getHandle(erasureWorkflowId(id));

/** The rows of a customer by table, those of their subscriptions included. */
async function rowsOf({ customerId, subscriptionId }: Seeded): Promise<Record<string, number>> {
  const { rows } = await on.pipeline.db.query<Record<string, number>>({
    text: `select (select count(*) from customers where id = $1) as customers,
             (select count(*) from subscriptions where customer_id = $1) as subscriptions,
             (select count(*) from events where customer_id = $1) as events,
             (select count(*) from notifications where customer_id = $1) as notifications,
             (select count(*) from attempts where subscription_id = $2) as attempts,
             (select count(*) from activity where customer_id = $1) as activity,
             (select count(*) from subscription_event_statistics where subscription_id = $2)
               + (select count(*) from subscription_attempt_statistics where subscription_id = $2) as statistics`,
    values: [customerId, decodeId('sub', subscriptionId)],
  });
  return rows[0]!;
}
const NOTHING = {
  customers: 0,
  subscriptions: 0,
  events: 0,
  notifications: 0,
  attempts: 0,
  activity: 0,
  statistics: 0,
};

/** All runs that Temporal lists for a customer. */
async function runsOf({ customerId }: Seeded): Promise<string[]> {
  const runs: string[] = [];
  for await (const { workflowId } of on.pipeline.temporal.client.workflow.list({
    query: `SignpostCustomer = '${customerId}'`,
  }))
    runs.push(workflowId);
  return runs;
}

it('an erasure removes the rows and workflows of a customer, and leaves another customer as it was', async () => {
  on.receiver.answerWith([200, 500]);
  const seeded = await customer();
  const other = await customer({ retrySchedule: [] });
  const delivered = await notify(seeded);
  await on.reaches(delivered, 'delivered');
  const retrying = await notify(seeded);
  await on.reaches(retrying, 'retrying');
  const failed = await notify(other);
  await on.reaches(failed, 'failed');
  await seedSubscription(on.pipeline.db, seeded, { url: on.receiver.url(), enabled: false }, 'disabled');
  const held = (await acceptOne(on.pipeline.db, seeded)).map(({ notificationId }) => notificationId);
  expect(held).toHaveLength(2);
  await until(
    () => runsOf(seeded),
    (runs) => runs.length === 2,
  );
  const before = await rowsOf(other);

  const id = await erase(seeded);
  const receipt = await finished(id);
  expect(receipt).toMatchObject({
    phase: 'finished',
    finishedAt: expect.any(Date),
    counts: { notifications: 4, attempts: 2, events: 3, workflows: 2, subscriptions: 2, secrets: 2, statistics: 3 },
  });
  expect(await rowsOf(seeded)).toEqual(NOTHING);
  expect(await runsOf(seeded)).toEqual([]);
  for (const one of [delivered, retrying, ...held])
    await expect(on.workflow(one).describe()).rejects.toThrow(WorkflowNotFoundError);
  expect(await rowsOf(other)).toEqual(before);
  expect((await on.workflow(failed).describe()).status.name).toBe('FAILED');
});

it('an erasure deletes every run of a notification that was retried after it had ended', async () => {
  on.receiver.answerWith(500);
  const seeded = await customer({ retrySchedule: [] });
  const id = await notify(seeded);
  await on.reaches(id, 'failed');
  await expect(on.workflow(id).result()).rejects.toThrow();
  const reopened = await reopenNotification(on.pipeline.db, id);
  await on.pipeline.workflows.retry(reopened!, { reopened: true });
  await until(
    () => on.find(id),
    ({ status, attemptCount }) => status === 'failed' && attemptCount === 2,
  );
  await until(
    () => runsOf(seeded),
    (runs) => runs.length === 2,
  );
  expect((await finished(await erase(seeded))).counts).toMatchObject({ workflows: 2, attempts: 2 });
  expect(await runsOf(seeded)).toEqual([]);
});

it('an erasure does not wait for a receiver that hangs, and its answer brings nothing back', async () => {
  let answer: () => void = () => undefined;
  on.receiver.answerRaw((_, response) => {
    answer = () => response.writeHead(500).end();
  });
  const seeded = await customer({ timeoutSeconds: 30 });
  const id = await notify(seeded);
  await on.receiver.waitFor(1);
  await finished(await erase(seeded));
  answer();
  // The record of the attempt is tried, and finds nothing.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(await rowsOf(seeded)).toEqual(NOTHING);
  await expect(on.workflow(id).describe()).rejects.toThrow(WorkflowNotFoundError);
  expect(on.receiver.requests).toHaveLength(1);
});

it('an erasure cancels open notifications before it removes anything', async () => {
  on.receiver.answerWith(500);
  const seeded = await customer();
  const id = await notify(seeded);
  await on.reaches(id, 'retrying');
  const erasureId = await request(seeded);
  const eraser = {
    deleteAll: () => Promise.reject(new Error('Temporal is away')),
    deleteOf: async () => ({ listed: 0, left: 0 }),
  };
  const { db, workflows: control } = on.pipeline;
  const eraseBatch = createEraseBatch({
    db,
    sealer: TEST_SEALER,
    control,
    eraser,
    paced: new PacedQueue(),
    log: pino({ level: 'silent' }),
  });
  await expect(new MockActivityEnvironment().run(eraseBatch, { erasureId })).rejects.toThrow('Temporal is away');
  expect(await on.find(id)).toMatchObject({ status: 'cancelled' });
  await until(
    () => on.workflow(id).describe(),
    ({ status }) => status.name === 'COMPLETED',
  );
  expect(await find(erasureId)).toMatchObject({
    status: 'running',
    phase: 'traces',
    counts: { notifications: 0 },
  });
  await startErasure(link(), on.pipeline.taskQueue, erasureId);
  await finished(erasureId);
  expect(await rowsOf(seeded)).toEqual(NOTHING);
});

it('an erasure whose workflow was lost is restarted by the reconciler, and counts nothing twice', async () => {
  const seeded = await customer();
  for (let index = 0; index < 3; index++) await on.reaches(await notify(seeded), 'delivered');
  const id = await request(seeded);
  await startErasure(link(), on.pipeline.taskQueue, id);
  await until(
    () => find(id),
    ({ phase }) => phase === 'sweeping',
  );
  const { runId: lost } = await workflow(id).describe();
  await workflow(id).terminate();
  expect(await findStalledErasures(on.pipeline.db, 30)).not.toContain(id);
  const reconciler = testReconciler(on.pipeline, {
    startErasure: (erasureId) => startErasure(link(), on.pipeline.taskQueue, erasureId),
  });
  await until(
    async () => {
      // The batch of the lost workflow may just note its progress.
      await on.pipeline.db.query({
        text: "update erasures set progressed_at = now() - interval '1 minute' where id = $1",
        values: [decodeId('ers', id)],
      });
      await reconciler.sweep();
      return workflow(id).describe();
    },
    ({ runId }) => runId !== lost,
  );
  expect((await finished(id)).counts).toMatchObject({ notifications: 3, attempts: 3, events: 3 });
});

it('an erasure also removes an event that was being accepted when it was requested', async () => {
  const seeded = await customer();
  const accepting = new PgClient(on.pipeline.databaseUrl);
  await accepting.connect();
  try {
    await accepting.query('begin');
    const executor = { query: accepting.query.bind(accepting) } as unknown as Executor;
    await acceptOne(executor, seeded);
    const id = await erase(seeded);
    await until(
      () => find(id),
      ({ phase }) => phase === 'waiting',
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await find(id)).toMatchObject({ phase: 'waiting' });
    await accepting.query('commit');
    expect((await finished(id)).counts).toMatchObject({ events: 1, notifications: 1 });
    expect(await rowsOf(seeded)).toEqual(NOTHING);
  } finally {
    await accepting.end();
  }
});

it('deleting workflows that do not exist deletes nothing', async () => {
  const eraser = new WorkflowEraser(link());
  expect(await eraser.deleteAll([notificationWorkflowId('ntf_nothing')], () => undefined)).toBe(0);
  expect(await eraser.deleteOf('nobody', () => undefined)).toEqual({ listed: 0, left: 0 });
});

it('the history of every erasure in this file replays, and names no customer', async () => {
  const histories = await Promise.all(
    started.map(async (id) => ({
      name: id,
      workflowId: erasureWorkflowId(id),
      history: await workflow(id).fetchHistory(),
    })),
  );
  expect(histories.length).toBeGreaterThan(4);
  expect(await replayAll(histories)).toEqual([]);
  expect(JSON.stringify(histories)).not.toContain('customer-');
});
