import { pino } from 'pino';
import { createAttempter, type Attempter } from '../../src/attempts/attempter';
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

/** Head starts read their subscription once, and again when anything of it changed. */
let database: TestDatabase;
let http: HttpClient;
let composer: TestComposer;
let receiver: Receiver;
let attempter: Attempter;
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
  attempter = createAttempter({
    db,
    sealer: TEST_SEALER,
    publicUrl: () => 'http://signpost.example',
    http,
    composer,
    recorder: createRecorder(db),
    launch: () => undefined,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  });
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

/** Accepts an event and makes its head start. @returns what was sent, and whether something was read for it */
async function headStart() {
  const event = eventFor(seeded);
  const [result] = await acceptEvents(database.db, [event], 'this-process');
  if (result?.kind !== 'accepted') throw new Error(JSON.stringify(result));
  const notification = result.notifications[0]!;
  statements.length = 0;
  const outcome = await attempter({
    notificationId: notification.notificationId,
    sequence: 1,
    trigger: 'scheduled',
    schedule: [30],
    step: 0,
    attemptKey: `run:${++counter}`,
    workflowId: 'notification/test',
    processId: 'this-process',
    slow: false,
    accepted: headStartDelivery(event, notification)!,
  });
  const request = receiver.requests.at(-1)!;
  return { outcome, request, hasRead: statements.includes('load-deliveries') };
}

const set = (assignments: string, ...values: unknown[]) =>
  database.db.query({
    text: `update subscriptions set ${assignments} where id = $1`,
    values: [decodeId('sub', seeded.subscriptionId), ...values],
  });

it('the first reads its subscription, those after it read nothing', async () => {
  expect(await headStart()).toMatchObject({ outcome: { kind: 'delivered' }, hasRead: true });
  expect(await headStart()).toMatchObject({ outcome: { kind: 'delivered' }, hasRead: false });
  expect(receiver.requests).toHaveLength(2);
});

it.each([
  ['another URL', () => set('url = $2', receiver.url('/second')), { path: '/second' }],
  ['another method', () => set("method = 'PUT'"), { method: 'PUT' }],
  ['another header', () => set(`headers = '{"x-tenant":"7"}'`), { headers: { 'x-tenant': '7' } }],
  ['another format', () => set("format = 'flat'"), { body: expect.stringContaining('"secret"') }],
  [
    'a transform',
    () => set(`transform = '{"language":"jsonata","expression":"{\\"sum\\":amount}"}'`),
    { body: expect.stringContaining('"sum"') },
  ],
  [
    'a service definition of the type',
    () =>
      putDefinition(database.db, seeded.eventType, {
        steps: [],
        transform: { language: 'jsonata', expression: '{"defined":true}' },
      }),
    { body: expect.stringContaining('"defined"') },
  ],
])('the next after %s has it', async (_, change, sent) => {
  await headStart();
  await headStart();
  await change();
  const { hasRead, request } = await headStart();
  expect(hasRead).toBe(true);
  expect(request).toMatchObject(sent);
});

describe('secrets', () => {
  const signedBy = async (...secrets: string[]) => {
    const { request } = await headStart();
    const { headers, body } = request;
    const id = String(headers['webhook-id']);
    const timestampSeconds = Number(headers['webhook-timestamp']);
    expect(headers['webhook-signature']).toBe(standardSignature({ id, timestampSeconds, body }, secrets, []));
  };

  it('sign from the next event on, the one before until its overlap ends and no longer', async () => {
    await signedBy(seeded.secret);
    await signedBy(seeded.secret);
    const next = generateSecret();
    await rotateSecret(database.db, TEST_SEALER, seeded.subscriptionId, next, 86_400);
    await signedBy(next, seeded.secret);
    await signedBy(next, seeded.secret);
    // As if the overlap were over: nothing is written when time passes, so what is read must not be kept.
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

it('a subscription that was disabled between the accept and the read holds its notification', async () => {
  const event = eventFor(seeded);
  const [result] = await acceptEvents(database.db, [event], 'this-process');
  const notification = result?.kind === 'accepted' ? result.notifications[0]! : undefined;
  await set('enabled = false');
  const outcome = await attempter({
    notificationId: notification!.notificationId,
    sequence: 1,
    trigger: 'scheduled',
    schedule: [30],
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
