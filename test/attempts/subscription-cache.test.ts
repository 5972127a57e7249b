import { pino } from 'pino';
import { createAttempts, type AttemptRunner } from '../../src/attempts/attempt-runner';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { decodeId } from '../../src/domain/ids';
import { generateSecret, standardSignature } from '../../src/domain/signing';
import { createMetrics } from '../../src/process/metrics';
import { acceptEvents } from '../../src/store/notifications/accept';
import type { Statement } from '../../src/store/db/database';
import { createRecorder } from '../../src/store/notifications/recorder';
import { rotateSecret } from '../../src/store/subscriptions/secrets';
import { putDefinition } from '../../src/store/catalog/service-definitions';
import { startTestComposer, type TestComposer } from '../support/composer';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver, type Receiver } from '../support/receiver';
import { eventFor, seed, TEST_SEALER, type Seeded } from '../support/seed';
import { headStartDelivery } from '../../src/domain/head-start';

/** Head starts read their subscription once, and again after any change to it. */
let database: TestDatabase;
let http: HttpClient;
let composer: TestComposer;
let receiver: Receiver;
let runAttempt: AttemptRunner;
let seeded: Seeded;
const statements: (string | undefined)[] = [];
let counter = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  composer = startTestComposer();
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
  const db = {
    ...database.db,
    query: (statement: Statement) => (statements.push(statement.name), database.db.query(statement)),
  } as typeof database.db;
  runAttempt = createAttempts({
    db,
    sealer: TEST_SEALER,
    publicUrl: () => 'http://signpost.example',
    http,
    composer,
    recorder: createRecorder(db),
    operational: { failingPercents: [50, 70, 90], quietSeconds: 600 },
    settle: async () => undefined,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  }).run;
});
afterAll(async () => {
  await http?.close();
  await composer?.close();
  await database?.drop();
});
beforeEach(async () => {
  receiver = await startReceiver();
  seeded = await seed(database.db, { url: receiver.url('/first') });
});
afterEach(() => receiver.close());

/**
 * Accepts an event and makes its head start.
 *
 * @returns the request, and whether the database was read for it
 */
async function headStart() {
  const event = eventFor(seeded);
  const [result] = await acceptEvents(database.db, [event], 'this-process');
  if (result?.kind !== 'accepted') throw new Error(JSON.stringify(result));
  const notification = result.notifications[0]!;
  statements.length = 0;
  const outcome = await runAttempt({
    notificationId: notification.notificationId,
    sequence: 1,
    trigger: 'scheduled',
    step: 0,
    attemptKey: `run:${++counter}`,
    workflowId: 'notification/test',
    processId: 'this-process',
    slow: false,
    accepted: headStartDelivery(event, notification)!,
  });
  const request = receiver.requests.at(-1)!;
  return { outcome, request, hasRead: statements.some((name) => name?.startsWith('load-deliveries')) };
}

const set = (assignments: string, ...values: unknown[]) =>
  database.db.query({
    text: `update subscriptions set ${assignments} where id = $1`,
    values: [decodeId('sub', seeded.subscriptionId), ...values],
  });

it('the first head start reads its subscription and later ones use the cached entry', async () => {
  expect(await headStart()).toMatchObject({ outcome: { kind: 'delivered' }, hasRead: true });
  expect(await headStart()).toMatchObject({ outcome: { kind: 'delivered' }, hasRead: false });
  expect(receiver.requests).toHaveLength(2);
});

it.each([
  ['a new URL', () => set('url = $2', receiver.url('/second')), { path: '/second' }],
  ['a new method', () => set("method = 'PUT'"), { method: 'PUT' }],
  ['a new header', () => set(`headers = '{"x-tenant":"7"}'`), { headers: { 'x-tenant': '7' } }],
  ['a new format', () => set("format = 'flat'"), { body: expect.stringContaining('"secret"') }],
  [
    'a new transform',
    () => set(`transform = '{"language":"jsonata","expression":"{\\"sum\\":amount}"}'`),
    { body: expect.stringContaining('"sum"') },
  ],
  [
    'a new service definition of the event type',
    () =>
      putDefinition(database.db, seeded.eventType, {
        steps: [],
        transform: { language: 'jsonata', expression: '{"defined":true}' },
      }),
    { body: expect.stringContaining('"defined"') },
  ],
])('the next head start after a change uses %s', async (_, change, sent) => {
  await headStart();
  await headStart();
  await change();
  const { hasRead, request } = await headStart();
  expect(hasRead).toBe(true);
  expect(request).toMatchObject(sent);
});

describe('cached secrets', () => {
  const signedBy = async (...secrets: string[]) => {
    const { request } = await headStart();
    const { headers, body } = request;
    const id = String(headers['webhook-id']);
    const timestampSeconds = Number(headers['webhook-timestamp']);
    expect(headers['webhook-signature']).toBe(standardSignature({ id, timestampSeconds, body }, secrets, []));
  };

  it('a rotated secret signs from the next event on, and the previous one until its overlap ends', async () => {
    await signedBy(seeded.secret);
    await signedBy(seeded.secret);
    const next = generateSecret();
    await rotateSecret(database.db, TEST_SEALER, seeded.subscriptionId, { secret: next, chosen: true }, 86_400);
    await signedBy(next, seeded.secret);
    await signedBy(next, seeded.secret);
    // Ends the overlap without a change of the revision: in reality time passes and nothing is
    // written, so an entry with an overlap must not be cached.
    await database.db.query({
      text: 'alter table subscription_secrets disable trigger subscription_secrets_revision',
    });
    await database.db.query({
      text: "update subscription_secrets set expires_at = now() - interval '1 s' where expires_at is not null",
    });
    await database.db.query({
      text: 'alter table subscription_secrets enable trigger subscription_secrets_revision',
    });
    await signedBy(next);
  });
});

it('a subscription disabled between accept and read holds its notification', async () => {
  const event = eventFor(seeded);
  const [result] = await acceptEvents(database.db, [event], 'this-process');
  const notification = result?.kind === 'accepted' ? result.notifications[0]! : undefined;
  await set('enabled = false');
  const outcome = await runAttempt({
    notificationId: notification!.notificationId,
    sequence: 1,
    trigger: 'scheduled',
    step: 0,
    attemptKey: `run:${++counter}`,
    workflowId: 'notification/test',
    processId: 'this-process',
    slow: false,
    accepted: headStartDelivery(event, notification!)!,
  });
  expect(outcome).toMatchObject({ kind: 'held' });
  expect(receiver.requests).toHaveLength(0);
});
