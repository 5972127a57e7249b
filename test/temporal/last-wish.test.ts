import { attemptsOf } from '../../src/store/notifications/attempts';
import { reopenNotification, markDue } from '../../src/store/notifications/reopen';
import { findRef } from '../../src/store/notifications/notification-refs';
import { requestCancel } from '../../src/store/notifications/transitions';
import { acceptOne, seed, type SeedOptions } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/** Cancel and retry in quick succession, as by two clicks or a script: the last one counts. */
const on = usePipeline();

async function start(options: Partial<SeedOptions> = {}) {
  const seeded = await seed(on.pipeline.db, { url: on.receiver.url('/hook'), ...options });
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  await on.pipeline.workflows.start(notification!);
  return notification!.notificationId;
}

/** Starts one whose first attempt fails, and which waits for an hour then. */
async function startWaiting() {
  on.receiver.answerWith(500);
  const id = await start({ retrySchedule: [3600, 3600, 3600] });
  await until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === 'waiting',
  );
  return id;
}

/** Withholds the first answer. @returns what sends it */
function holdFirstAnswer(...later: number[]): (status: number) => void {
  let send: (status: number) => void = () => undefined;
  on.receiver.answerWith([() => new Promise((resolve) => (send = (status) => resolve({ status }))), ...later]);
  return (status) => send(status);
}

/** As the API: the record first, then the signal. */
async function cancel(id: string): Promise<void> {
  const cancelled = await requestCancel(on.pipeline.db, id);
  await on.pipeline.workflows.cancel(id, cancelled!.openedAt);
}
async function retry(id: string): Promise<void> {
  const { db, workflows } = on.pipeline;
  const reopened = await reopenNotification(db, id, true);
  await markDue(db, id);
  await workflows.retry(reopened ?? (await findRef(db, id))!, { reopened: reopened !== undefined });
}
const numbers = async (id: string) =>
  (await attemptsOf(on.pipeline.db, id)).map(({ trigger, status }) => [trigger, status]);

it.each([60, 15])(
  'cancel, then retry during an attempt with a timeout of %i s: it is retried',
  async (timeoutSeconds) => {
    const send = holdFirstAnswer(200);
    const id = await start({ retrySchedule: [3600], timeoutSeconds });
    await on.receiver.waitFor(1);
    await cancel(id);
    await retry(id);
    send(500);
    await on.reaches(id, 'delivered');
    expect(await numbers(id)).toEqual([
      ['scheduled', 500],
      ['manual', 200],
    ]);
  },
);

it('cancel, then retry during an attempt begins the ladder at its first step', async () => {
  const send = holdFirstAnswer(500, 200);
  const id = await start({ retrySchedule: [1], timeoutSeconds: 60 });
  await on.receiver.waitFor(1);
  await cancel(id);
  await retry(id);
  send(500);
  await on.reaches(id, 'delivered');
  expect((await numbers(id)).map(([, status]) => status)).toEqual([500, 500, 200]);
});

it('cancel, then retry during an attempt that delivers: it is not sent again', async () => {
  const send = holdFirstAnswer();
  const id = await start({ timeoutSeconds: 60 });
  await on.receiver.waitFor(1);
  await cancel(id);
  await retry(id);
  send(200);
  await on.workflow(id).result();
  expect((await on.find(id)).status).toBe('delivered');
  expect(on.receiver.requests).toHaveLength(1);
});

it('retry, then cancel during an attempt: it is cancelled', async () => {
  const send = holdFirstAnswer(200);
  const id = await start({ timeoutSeconds: 60 });
  await on.receiver.waitFor(1);
  await retry(id);
  await cancel(id);
  send(500);
  await on.closes(id);
  expect((await on.find(id)).status).toBe('cancelled');
  expect(on.receiver.requests).toHaveLength(1);
});

it('cancel, retry, cancel during an attempt: it is cancelled', async () => {
  const send = holdFirstAnswer(200);
  const id = await start({ timeoutSeconds: 60 });
  await on.receiver.waitFor(1);
  await cancel(id);
  await retry(id);
  await cancel(id);
  send(500);
  await on.closes(id);
  expect((await on.find(id)).status).toBe('cancelled');
  expect(on.receiver.requests).toHaveLength(1);
});

it('cancel, then retry of ten waiting notifications at the same time delivers all ten', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, startWaiting));
  on.receiver.answerWith(200);
  await Promise.all(ids.map(async (id) => (await cancel(id), await retry(id))));
  for (const id of ids) await on.reaches(id, 'delivered');
  expect(on.receiver.requests).toHaveLength(20);
});

it('cancel and retry whose signals arrive in the other order: the order of the record counts', async () => {
  const id = await startWaiting();
  on.receiver.answerWith(200);
  const { db, workflows } = on.pipeline;
  const cancelled = await requestCancel(db, id);
  const reopened = await reopenNotification(db, id);
  await workflows.cancel(id, cancelled!.openedAt);
  await workflows.retry(reopened!, { reopened: true });
  await on.reaches(id, 'delivered');
  const other = await startWaiting();
  const openedAt = (await requestCancel(db, other))!.openedAt;
  const again = await reopenNotification(db, other);
  on.receiver.answerWith(() => new Promise((resolve) => setTimeout(() => resolve({ status: 200 }), 500)));
  await workflows.retry(again!, { reopened: true });
  await workflows.cancel(other, openedAt);
  await on.reaches(other, 'delivered');
});

it('a forced retry of a notification that was just delivered is sent, before its workflow has closed', async () => {
  on.receiver.answerWith([200, 200]);
  const id = await start({ timeoutSeconds: 5 });
  await on.reaches(id, 'delivered');
  await retry(id);
  await on.receiver.waitFor(2);
  await on.reaches(id, 'delivered');
});

it('a retry signal that arrives after its attempt was made and the run was terminated makes no other attempt', async () => {
  const id = await startWaiting();
  await retry(id);
  await until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === 'waiting' && live.attempt === 2,
  );
  await on.workflow(id).terminate();
  const ref = (await findRef(on.pipeline.db, id))!;
  await on.pipeline.workflows.retry(ref, { attempts: 1 });
  await until(
    () => on.pipeline.workflows.live(id),
    (live) => live?.phase === 'waiting',
  );
  expect(await numbers(id)).toEqual([
    ['scheduled', 500],
    ['manual', 500],
  ]);
  // Another press is not met by it.
  await on.pipeline.workflows.retry(ref, { attempts: 2 });
  await on.receiver.waitFor(3);
});

it('a cancel signal without argument, as of the Temporal UI, cancels whatever the record says', async () => {
  const id = await startWaiting();
  await on.workflow(id).signal('cancel');
  await on.workflow(id).result();
  expect((await on.find(id)).status).toBe('cancelled');
});
