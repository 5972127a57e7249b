import { setTimeout as sleep } from 'node:timers/promises';
import type { HeadStarts } from '../../src/attempts/head-start/head-starts';
import { BURST_PREFIX } from '../../src/domain/delivery';
import { decodeId, newUuid } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { useFirstAttempts } from '../support/first-attempts';
import { startReceiver } from '../support/receiver';
import { seed, type Seeded } from '../support/seed';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { reopenNotification } from '../../src/store/notifications/reopen';

/** Bursts: one workflow that supervises the first attempts of many notifications. */
const on = useFirstAttempts();

describe('burst', () => {
  async function burstOf(count: number, seeded: Seeded, processId: string, by?: HeadStarts) {
    const workflowId = BURST_PREFIX + newUuid();
    const accepted = [];
    for (let index = 0; index < count; index++) accepted.push(await on.accept(seeded, processId));
    if (by) for (const { begin } of accepted) begin(by, workflowId);
    const ids = accepted.map(({ notification }) => notification.notificationId);
    return { workflowId, ids, run: () => on.pipeline.workflows.runBurst(workflowId, ids) };
  }
  const result = (workflowId: string) =>
    on.pipeline.temporal.client.workflow.getHandle(workflowId).result() as Promise<unknown>;

  it('a burst delivers many notifications in one workflow, which the API names', async () => {
    const { workflowId, ids, run } = await burstOf(
      10,
      await seed(on.pipeline.db, { url: on.receiver.url() }),
      on.mine(),
      on.pipeline.headStarts,
    );
    await run();
    expect(await result(workflowId)).toEqual({ notifications: 10, handedOn: 0 });
    for (const id of ids) expect(await on.find(id)).toMatchObject({ status: 'delivered', workflowId });
    await expect(on.workflow(ids[0]!).describe()).rejects.toThrow();
  });

  it('a burst hands each failed notification to a workflow of its own, which continues the ladder', async () => {
    on.receiver.answerWith([200, 500, 200, 500, 200]);
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1] });
    const { workflowId, ids, run } = await burstOf(4, seeded, on.mine(), on.pipeline.headStarts);
    await run();
    expect(await result(workflowId)).toEqual({ notifications: 4, handedOn: 2 });
    for (const id of ids) await on.reaches(id, 'delivered');
    const retried = (await Promise.all(ids.map((id) => on.find(id)))).filter(({ attemptCount }) => attemptCount === 2);
    expect(retried.map((one) => one.workflowId)).toEqual(retried.map(({ id }) => notificationWorkflowId(id)));
    expect(retried).toHaveLength(2);
  });

  it('a burst hands over a hundred failed notifications', async () => {
    on.receiver.answerWith(500);
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] });
    const { workflowId, ids, run } = await burstOf(100, seeded, on.mine(), on.pipeline.headStarts);
    await run();
    expect(await result(workflowId)).toEqual({ notifications: 100, handedOn: 100 });
    for (const id of ids) await expect(on.workflow(id).result()).rejects.toThrow();
    for (const id of ids) expect(await on.find(id)).toMatchObject({ status: 'failed', attemptCount: 1 });
    expect(on.receiver.requests).toHaveLength(100);
  });

  it('a burst hands an exhausted notification to a workflow that closes as Failed, visible in Temporal', async () => {
    on.receiver.answerWith(500);
    const { ids, run } = await burstOf(
      1,
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] }),
      on.mine(),
      on.pipeline.headStarts,
    );
    await run();
    await expect(on.workflow(ids[0]!).result()).rejects.toThrow();
    expect((await on.workflow(ids[0]!).describe()).status.name).toBe('FAILED');
    expect(on.receiver.requests).toHaveLength(1);
  });

  it('a burst of a killed process skips what was delivered and attempts the rest', async () => {
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
    const done = await burstOf(2, seeded, 'dying', on.pipeline.otherProcess('dying'));
    for (const id of done.ids) await on.reaches(id, 'delivered');
    const undone = await burstOf(3, seeded, 'dying');
    for (const id of undone.ids) await on.lapse(id);
    const workflowId = `${BURST_PREFIX}${newUuid()}`;
    await on.pipeline.workflows.runBurst(workflowId, [...done.ids, ...undone.ids]);
    expect(await result(workflowId)).toEqual({ notifications: 5, handedOn: 0 });
    for (const id of undone.ids) expect(await on.find(id)).toMatchObject({ status: 'delivered', workflowId });
    expect(on.receiver.requests).toHaveLength(5);
  });

  it('several bursts share the slots of head starts, so a receiver has at most 64 requests in flight', async () => {
    let [open, most] = [0, 0];
    on.receiver.answerWith(async () => {
      most = Math.max(most, ++open);
      await sleep(300);
      open -= 1;
      return { status: 200 };
    });
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
    const bursts = [];
    for (let index = 0; index < 3; index++) bursts.push(await burstOf(30, seeded, 'dying'));
    for (const { ids } of bursts) for (const id of ids) await on.lapse(id);
    await Promise.all(bursts.map(({ run }) => run()));
    for (const { workflowId } of bursts) expect(await result(workflowId)).toEqual({ notifications: 30, handedOn: 0 });
    expect(on.receiver.requests).toHaveLength(90);
    expect(most).toBeLessThanOrEqual(64);
  });

  it('a burst waits for first attempts of another process, and starts a workflow only for what failed', async () => {
    let count = 0;
    on.receiver.answerWith(async () => (await sleep(400), { status: ++count % 10 === 0 ? 500 : 200 }));
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [600] });
    const { workflowId, ids, run } = await burstOf(40, seeded, 'another', on.pipeline.otherProcess('another'));
    await run();
    expect(await result(workflowId)).toEqual({ notifications: 40, handedOn: 4 });
    const statuses = await Promise.all(ids.map(async (id) => (await on.find(id)).status));
    expect(statuses.filter((status) => status === 'delivered')).toHaveLength(36);
    expect(on.receiver.requests).toHaveLength(40);
    const started = await Promise.allSettled(ids.map((id) => on.workflow(id).describe()));
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    for (const [index, id] of ids.entries())
      if (started[index]!.status === 'fulfilled') await on.workflow(id).terminate();
  });

  it('a burst makes the first attempts of a lost process when its claims have lapsed', async () => {
    const { workflowId, ids, run } = await burstOf(2, await seed(on.pipeline.db, { url: on.receiver.url() }), 'lost');
    const running = run();
    await sleep(600);
    expect(on.receiver.requests).toHaveLength(0);
    for (const id of ids) await on.lapse(id);
    await running;
    expect(await result(workflowId)).toEqual({ notifications: 2, handedOn: 0 });
    for (const id of ids) expect(await on.find(id)).toMatchObject({ status: 'delivered', workflowId });
    expect(on.receiver.requests).toHaveLength(2);
  });

  it('a burst hands a failure on while the first attempts of another customer still hang', async () => {
    const hanging = await startReceiver();
    hanging.answerRaw(() => undefined);
    on.receiver.answerWith([500, 200]);
    const slow = await burstOf(
      3,
      await seed(on.pipeline.db, { url: hanging.url(), timeoutSeconds: 15, retrySchedule: [] }),
      on.mine(),
      on.pipeline.headStarts,
    );
    const quick = await burstOf(
      1,
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [1] }),
      on.mine(),
      on.pipeline.headStarts,
    );
    const running = on.pipeline.workflows.runBurst(slow.workflowId, [...slow.ids, ...quick.ids]);
    await on.reaches(quick.ids[0]!, 'delivered');
    expect((await on.find(slow.ids[0]!)).attemptCount).toBe(0);
    await hanging.close();
    await running;
  });

  it('running a burst twice attempts nothing twice', async () => {
    on.receiver.answerWith(500);
    const { ids, run } = await burstOf(
      2,
      await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [] }),
      on.mine(),
      on.pipeline.headStarts,
    );
    await run();
    for (const id of ids) await expect(on.workflow(id).result()).rejects.toThrow();
    await on.pipeline.workflows.runBurst(`${BURST_PREFIX}${newUuid()}`, ids);
    for (const id of ids) expect((await attemptsOf(on.pipeline.db, id)).length).toBe(1);
    expect(on.receiver.requests).toHaveLength(2);
  });

  it('a burst skips members that were cancelled or retried meanwhile', async () => {
    let answer: () => void = () => undefined;
    const isAnswered = new Promise<void>((resolve) => (answer = resolve));
    on.receiver.answerWith(async () => (await isAnswered, { status: 500 }));
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url(), retrySchedule: [], timeoutSeconds: 15 });
    const { ids, workflowId } = await burstOf(2, seeded, on.mine(), on.pipeline.headStarts);
    const [cancelled, again] = ids as [string, string];
    const disabled = await seed(on.pipeline.db, { url: on.receiver.url(), enabled: false });
    const held = (await on.accept(disabled, on.mine())).notification.notificationId;
    await cancelNotification(on.pipeline.db, cancelled);
    answer();
    const running = on.pipeline.workflows.runBurst(workflowId, [...ids, held]);
    await on.reaches(again, 'failed');
    on.receiver.answerWith(200);
    const reopened = await reopenNotification(on.pipeline.db, again);
    await on.pipeline.workflows.retry(reopened!);
    await running;
    await on.reaches(again, 'delivered');
    expect((await on.find(cancelled)).status).toBe('cancelled');
    expect((await on.find(again)).attemptCount).toBe(2);
    expect((await on.find(held)).status).toBe('held');
    for (const id of [cancelled, held]) await expect(on.workflow(id).describe()).rejects.toThrow();
    expect(await result(workflowId)).toMatchObject({ notifications: 3 });
  });

  it('a burst holds members whose subscription was disabled before their turn', async () => {
    const seeded = await seed(on.pipeline.db, { url: on.receiver.url() });
    const { ids, run } = await burstOf(3, seeded, 'dying');
    await on.pipeline.db.query({
      text: 'update subscriptions set enabled = false where id = $1',
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    for (const id of ids) await on.lapse(id);
    await run();
    for (const id of ids) await on.reaches(id, 'held');
    expect(on.receiver.requests).toHaveLength(0);
  });
});
