import { createRecorder } from '../../src/store/notifications/recorder';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { createAttempts } from '../../src/attempts/attempt-runner';
import { headStartKey } from '../../src/attempts/take-over';
import { AttemptLeftError } from '../../src/attempts/stages';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { CUT_OFF } from '../../src/domain/attempt';
import type { AcceptedNotification } from '../../src/domain/acceptance';
import { decodeId } from '../../src/domain/ids';
import { claimUnattempted, findUnfinished } from '../../src/store/notifications/claims';
import { findRef } from '../../src/store/notifications/notification-refs';
import { attemptInput, testDeps } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver, type Receiver } from '../support/receiver';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';

/**
 * The process ends while receivers have not answered: their attempts are recorded, take no step of
 * the ladder, and are made again by another process.
 */
let database: TestDatabase;
let receiver: Receiver;
let http: HttpClient;
let seeded: Seeded;
let notification: AcceptedNotification;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  receiver = await startReceiver();
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
  seeded = await seed(database.db, { url: receiver.url(), timeoutSeconds: 15, retrySchedule: [] });
  notification = (await acceptOne(database.db, seeded))[0]!;
});
afterEach(async () => {
  await http.close();
  await receiver.close();
});

const start = () => createAttempts({ ...testDeps(database.db), recorder: createRecorder(database.db), http });
const row = () => notificationRow(database.db, notification.notificationId);
const attempts = () => attemptsOf(database.db, notification.notificationId);
const ofBurst = () => findUnfinished(database.db, [notification.notificationId], 'other');
const set = (assignments: string) => setNotification(database.db, notification.notificationId, assignments);
const input = (overrides: Parameters<typeof attemptInput>[1] = {}) =>
  attemptInput(notification.notificationId, overrides);

/** Cuts an attempt off while the receiver hangs. @returns its outcome */
async function cutOff(attempt = input(), meanwhile: () => Promise<unknown> = async () => undefined) {
  receiver.answerWith(() => new Promise(() => undefined));
  const process = start();
  const outcome = process.run(attempt);
  await receiver.waitFor(1);
  await meanwhile();
  await process.cutOff();
  receiver.answerWith(200);
  return outcome;
}

const headStart = () => input({ attemptKey: headStartKey('this-process') });
const claimed = () =>
  set(
    "claimed_by = 'this-process', claimed_until = now() + interval '25 s', reconcile_after = now() + interval '40 s'",
  );

it('is recorded as what the service did, and the workflow waits a second', async () => {
  expect(await cutOff()).toEqual({ kind: 'throttled', attempts: 1, waitSeconds: 1, dueAt: expect.any(String) });
  expect(await attempts()).toMatchObject([{ number: 1, status: null, error: CUT_OFF }]);
  expect(await row()).toMatchObject({ status: 'pending', attempt_count: 1, claimed_until: null, finished_at: null });
});

it('is made again under its own key, as the same step of the ladder', async () => {
  await cutOff();
  expect(await start().run(input({ processId: 'other' }))).toEqual({ kind: 'delivered', attempts: 2 });
  expect(receiver.requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2']);
});

it('leaves its failure to count for nothing: the ladder has as many tries as before', async () => {
  await cutOff();
  receiver.answerWith(500);
  expect(await findRef(database.db, notification.notificationId)).toMatchObject({ step: 0 });
  expect(await start().run(input({ processId: 'other' }))).toMatchObject({ kind: 'failed', attempts: 2 });
  const { rows } = await database.db.query({
    text: 'select attempts, failures, period_failures from subscription_attempt_statistics where subscription_id = $1',
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  expect(rows).toEqual([{ attempts: 1, failures: 1, period_failures: 1 }]);
});

it('of a head start is released immediately: no process claims it, and its burst hands it on', async () => {
  await claimed();
  await cutOff(headStart());
  expect(await row()).toMatchObject({ status: 'pending', claimed_by: null, claimed_until: null });
  expect((await row()).seconds_to_reconcile).toBeLessThanOrEqual(0);
  expect(await claimUnattempted(database.db, [notification.notificationId], 'other')).toEqual([]);
  expect(await ofBurst()).toMatchObject([{ state: 'failed', step: 0 }]);
  expect(await start().run(input({ processId: 'other' }))).toEqual({ kind: 'delivered', attempts: 2 });
  expect(await ofBurst()).toEqual([]);
});

it('of a retry waits again, and its step stays', async () => {
  await setSubscription(database.db, seeded.subscriptionId, "retry_schedule = '{30}'");
  await set("status = 'retrying', attempt_count = 1, last_attempt_key = 'run:1'");
  const second = { sequence: 2, step: 1, attemptKey: 'run:2' };
  await cutOff(input(second), async () => expect(await row()).toMatchObject({ status: 'delivering' }));
  expect(await row()).toMatchObject({ status: 'retrying', attempt_count: 2, ladder_base: 1, claimed_by: null });
  expect(await start().run(input({ ...second, processId: 'other' }))).toEqual({ kind: 'delivered', attempts: 3 });
});

it('of a manual retry does not count as the attempt that was asked for', async () => {
  await set("status = 'retrying', attempt_count = 1, last_attempt_key = 'earlier:1'");
  const manual = { trigger: 'manual', askedAfter: 1, step: 1 } as const;
  await cutOff(input(manual));
  expect(await start().run(input({ ...manual, processId: 'other' }))).toEqual({ kind: 'delivered', attempts: 3 });
});

it.each([
  ['that was cancelled meanwhile stays so', "status = 'cancelled', reconcile_after = null", { status: 'cancelled' }],
  ['that was held meanwhile stays so', "status = 'held', reconcile_after = null", { status: 'held' }],
  [
    'that another process has begun meanwhile is left to it',
    "status = 'delivering', claimed_by = 'other', claimed_until = now() + interval '1 minute'",
    { status: 'delivering', claimed_by: 'other', claimed_until: expect.any(Date) },
  ],
])('of a notification %s', async (_, assignments, state) => {
  await cutOff(input(), () => set(assignments));
  expect(await row()).toMatchObject({ ...state, attempt_count: 1 });
  expect(await attempts()).toHaveLength(1);
});

it('is not cut off when the receiver has begun to answer', async () => {
  receiver.answerRaw((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('beg');
  });
  const process = start();
  const outcome = process.run(input());
  await receiver.waitFor(1).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await process.cutOff();
  expect(await outcome).toEqual({ kind: 'delivered', attempts: 1 });
});

it('sends nothing more', async () => {
  const process = start();
  await process.cutOff();
  await expect(process.run(input())).rejects.toThrow(AttemptLeftError);
  expect(receiver.requests).toHaveLength(0);
  expect(await attempts()).toHaveLength(0);
});
