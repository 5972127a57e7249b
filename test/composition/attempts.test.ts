import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { parse } from 'yaml';
import { createAttempts, type AttemptRunner } from '../../src/attempts/attempt-runner';
import type { AttemptInput } from '../../src/attempts/stages';
import { definitionSchema } from '../../src/api/schemas/composing-schemas';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import type { ServiceDefinition, Transform } from '../../src/domain/composing';
import { standardSignature } from '../../src/domain/signing';
import { decodeId } from '../../src/domain/ids';
import type { Format } from '../../src/domain/types';
import { createMetrics } from '../../src/process/metrics';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf, findAttempt } from '../../src/store/notifications/attempts';
import { reopenNotification } from '../../src/store/notifications/reopen';
import { acceptTriggered } from '../../src/store/notifications/trigger';
import { createRecorder } from '../../src/store/notifications/recorder';
import { putDefinition } from '../../src/store/catalog/service-definitions';
import { startTestComposer, type TestComposer } from '../support/composer';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver, type Receiver } from '../support/receiver';
import { eventFor, seed, TEST_SEALER, type Seeded } from '../support/seed';
import { headStartDelivery, type HeadStartDelivery } from '../../src/domain/head-start';

/**
 * What receivers get if a service definition or a transform composes the body, and what is stored
 * of it.
 */
let database: TestDatabase;
let ledger: TestDatabase;
let http: HttpClient;
let composer: TestComposer;
let receiver: Receiver;
let runAttempt: AttemptRunner;
/** Its composer takes no transform any more. */
let runWithoutTurn: AttemptRunner;
let logged = '';
let counter = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  ledger = await createTestDatabase();
  await ledger.db.query({ text: readFileSync(path.join(__dirname, 'ledger.sql'), 'utf8') });
  composer = startTestComposer({ ledger: ledger.url });
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
  const { db } = database;
  const log = pino({ level: 'debug' }, { write: (line: string) => void (logged += line) });
  const metrics = createMetrics();
  const recorder = createRecorder(db);
  const publicUrl = () => 'http://signpost.example';
  const runnerWith = (by: TestComposer) =>
    createAttempts({
      db,
      sealer: TEST_SEALER,
      publicUrl,
      http,
      composer: by,
      recorder,
      operational: { failingPercents: [50, 70, 90], quietSeconds: 600 },
      settle: async () => undefined,
      metrics,
      log,
    }).run;
  runAttempt = runnerWith(composer);
  const closed = startTestComposer();
  await closed.close();
  runWithoutTurn = runnerWith(closed);
});
afterAll(async () => {
  await http?.close();
  await composer?.close();
  await database?.drop();
  await ledger?.drop();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

interface Setup {
  format?: Format;
  secret?: string;
  definition?: ServiceDefinition;
  transform?: Transform;
  data?: string;
  method?: string;
}

async function setUp({
  format = 'flat',
  secret = 'mySecret',
  definition,
  transform,
  method = 'POST',
}: Setup): Promise<Seeded> {
  const { db } = database;
  const seeded = await seed(db, { url: receiver.url(), retrySchedule: [30] });
  const sealed = TEST_SEALER.seal(secret, seeded.subscriptionId);
  const uuid = decodeId('sub', seeded.subscriptionId);
  await db.query({
    text: 'update subscription_secrets set ciphertext = $2 where subscription_id = $1',
    values: [uuid, sealed.ciphertext],
  });
  await db.query({
    text: 'update subscriptions set format = $2, transform = $3, method = $4 where id = $1',
    values: [uuid, format, transform ?? null, method],
  });
  if (definition) await putDefinition(db, seeded.eventType, definition);
  return { ...seeded, secret };
}

/**
 * Accepts an event and makes its first attempt, as a head start or as a workflow that reads
 * everything again.
 */
async function attempt(seeded: Seeded, data: string, headStart: boolean) {
  const event = eventFor(seeded, { data });
  const [result] = await acceptEvents(database.db, [event], headStart ? 'this-process' : null);
  if (result?.kind !== 'accepted') throw new Error(JSON.stringify(result));
  const [notification] = result.notifications;
  const accepted = headStart ? headStartDelivery(event, notification!) : undefined;
  if (accepted === null) throw new Error('there was no head start');
  return again(notification!.notificationId, accepted);
}

async function again(notificationId: string, accepted?: HeadStartDelivery) {
  let outcome = await runAttempt({ ...inputOf(notificationId), accepted });
  // On a busy machine, a transform may get no turn.
  while (outcome.kind === 'throttled') outcome = await runAttempt({ ...inputOf(notificationId), accepted });
  const last = (await attemptsOf(database.db, notificationId)).at(-1)!;
  return { notificationId, outcome, kept: (await findAttempt(database.db, last.id, {}))! };
}

function inputOf(notificationId: string): AttemptInput {
  return {
    notificationId,
    sequence: 1,
    trigger: 'scheduled',
    step: 0,
    attemptKey: `run:${++counter}`,
    workflowId: 'notification/test',
    processId: 'this-process',
    slow: false,
  };
}

const definitionOf = (file: string) =>
  definitionSchema.parse(
    parse(readFileSync(path.join(__dirname, '..', '..', 'examples', 'service-definitions', `${file}.yaml`), 'utf8')),
  );
const jsonata = (expression: string): Transform => ({ language: 'jsonata', expression });
const PAYMENT =
  '{"paymentid":"18142","ledgeraccountid":"111927","revision":"1","debtcreditorid":"1","partytypeid":"1"}';

it.each([true, false])(
  'a transform that gets no turn makes and counts no attempt, and is tried again after 5 to 10 s (head start: %s)',
  async (headStart) => {
    const seeded = await setUp({ transform: jsonata('{}') });
    const event = eventFor(seeded, { data: '{}' });
    const [result] = await acceptEvents(database.db, [event], headStart ? 'this-process' : null);
    if (result?.kind !== 'accepted') throw new Error(JSON.stringify(result));
    const [notification] = result.notifications;
    const { notificationId } = notification!;
    const accepted = headStart ? headStartDelivery(event, notification!) : undefined;
    const outcome = await runWithoutTurn({ ...inputOf(notificationId), accepted: accepted ?? undefined });
    if (outcome.kind !== 'throttled') throw new Error(JSON.stringify(outcome));
    expect(outcome.attempts).toBe(0);
    expect(outcome.waitSeconds).toBeGreaterThanOrEqual(5);
    expect(outcome.waitSeconds).toBeLessThanOrEqual(10);
    expect(await attemptsOf(database.db, notificationId)).toEqual([]);
    expect((await again(notificationId)).outcome).toMatchObject({ kind: 'delivered', attempts: 1 });
  },
);

describe('an event whose data a customer chose, before its type got a definition', () => {
  async function triggered(chosenByCustomer: boolean) {
    const seeded = await setUp({});
    const event = { ...eventFor(seeded, { data: PAYMENT }), productId: seeded.productId, chosenByCustomer };
    const notification = await acceptTriggered(database.db, event, seeded.subscriptionId, 'this-process');
    await putDefinition(database.db, seeded.eventType, definitionOf('ledgerpayment'));
    return { notificationId: notification!.notificationId };
  }

  it('looks nothing up, and fails with class transform', async () => {
    const { notificationId } = await triggered(true);
    const { outcome, kept } = await again(notificationId);
    expect(outcome).toMatchObject({ kind: 'retry', attempts: 1 });
    expect(kept.error).toEqual({
      class: 'transform',
      message: expect.stringContaining('the customer chose the data of this event'),
    });
    expect(kept.request.body).toBeNull();
    expect(receiver.requests).toEqual([]);
  });

  it('fails so again at a retry after it was delivered, with force', async () => {
    const seeded = await setUp({});
    const event = {
      ...eventFor(seeded, { data: PAYMENT }),
      productId: seeded.productId,
      chosenByCustomer: true,
    };
    const { notificationId } = (await acceptTriggered(database.db, event, seeded.subscriptionId, 'this-process'))!;
    expect((await again(notificationId)).outcome).toMatchObject({ kind: 'delivered' });
    await putDefinition(database.db, seeded.eventType, definitionOf('ledgerpayment'));
    expect(await reopenNotification(database.db, notificationId, true)).toBeDefined();
    const { kept } = await again(notificationId);
    expect(kept.error).toMatchObject({ class: 'transform' });
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]!.body).not.toContain('invoiceguid');
  });

  it('is composed by a definition that looks nothing up', async () => {
    const { notificationId } = await triggered(true);
    const { event_type: eventType } = (
      await database.db.query<{ event_type: string }>({
        text: 'select event_type from notifications where id = $1',
        values: [decodeId('ntf', notificationId)],
      })
    ).rows[0]!;
    await putDefinition(database.db, eventType, { steps: [], transform: jsonata('{"id": paymentid}') });
    expect((await again(notificationId)).outcome).toMatchObject({ kind: 'delivered' });
    expect(receiver.requests[0]!.body).toContain('"id":"18142"');
  });

  it('is composed if a product chose the data', async () => {
    const { notificationId } = await triggered(false);
    expect((await again(notificationId)).outcome).toMatchObject({ kind: 'delivered' });
    expect(receiver.requests[0]!.body).toContain('invoiceguid');
  });
});

describe('the example definitions of a ledger', () => {
  it.each([true, false])(
    'sends the columns of the ledgerpayment example and stores the secret as *** (head start: %s)',
    async (headStart) => {
      const seeded = await setUp({ definition: definitionOf('ledgerpayment') });
      const { outcome, kept } = await attempt(seeded, PAYMENT, headStart);
      expect(outcome).toMatchObject({ kind: 'delivered' });
      const body = (secret: string) =>
        `{"invoiceguid":"80342534-2508-4CAB-A090-C25BF1DDF923","invoicenumber":"765","paidamount":123.00,"secret":"${secret}"}`;
      const [request] = receiver.requests;
      expect(request!.body).toBe(body('mySecret'));
      expect(kept.request.body).toBe(body('***'));
      const timestampSeconds = Number(request!.headers['webhook-timestamp']);
      const id = String(request!.headers['webhook-id']);
      expect(request!.headers['webhook-signature']).toBe(
        standardSignature({ id, timestampSeconds, body: request!.body }, ['mySecret']),
      );
    },
  );

  it('sends the statuschange example with its invoice and payments', async () => {
    const seeded = await setUp({ definition: definitionOf('statuschange') });
    await attempt(seeded, '{"ledgeraccountid":"111927","status":"PAID"}', false);
    expect(receiver.requests[0]!.body).toBe(
      '{"invoiceguid":"80342534-2508-4CAB-A090-C25BF1DDF923","invoicenumber":"765","status":"PAID","secret":"mySecret","payments":[{"paymentid":18142,"amount":123.00},{"paymentid":18150,"amount":50.00}]}',
    );
  });
});

describe('composed bodies', () => {
  const definition: ServiceDefinition = {
    steps: [
      {
        kind: 'query',
        dataSource: 'ledger',
        sql: 'select debtref, :secret as key from dat_debthead where debtheadid = 7',
        arguments: [{ name: 'secret', type: 'string', from: '$secret' }],
      },
    ],
    transform: null,
  };

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of any shape
  it.each<[Format, (body: Record<string, any>) => unknown]>([
    ['standard', (body) => body.data],
    ['envelope', ({ payload }) => ({ debtref: payload.details.debtref, key: payload.details.key })],
    ['trigger', (body) => body.data.event],
    ['flat', (body) => body],
  ])(
    'puts the columns in place of the data in format %s and stores the body as sent, with the secret masked',
    async (format, dataOf) => {
      const secret = 'with "quotes" and \\';
      const { kept } = await attempt(await setUp({ format, secret, definition }), PAYMENT, false);
      const { body } = receiver.requests[0]!;
      expect(dataOf(JSON.parse(body))).toEqual({ debtref: '765', key: secret });
      expect(dataOf(JSON.parse(kept.request.body!))).toEqual({ debtref: '765', key: '***' });
      expect(kept.request.body).not.toContain('quotes');
    },
  );

  it('masks the secret of a composed body in an echoed response, whatever the format', async () => {
    receiver.answerWith((request) => ({ status: 200, body: `got ${request.body}` }));
    const { kept } = await attempt(await setUp({ format: 'standard', definition }), PAYMENT, false);
    expect(kept.response!.body).toContain('"key":"***"');
    expect(kept.response!.body).not.toContain('mySecret');
  });

  it.each<[Format, string]>([
    ['flat', '{"n":"18142","secret":"mySecret"}'],
    ['standard', '"data":{"n":"18142"}}'],
  ])('composes the body by a transform in format %s: %s', async (format, expected) => {
    const { kept } = await attempt(await setUp({ format, transform: jsonata('{"n": paymentid}') }), PAYMENT, true);
    const { body } = receiver.requests[0]!;
    expect(body.endsWith(expected)).toBe(true);
    expect(kept.request.body).toBe(body.replace('mySecret', '***'));
  });

  it('applies the transform of the subscription to the columns of the service definition', async () => {
    const transform = jsonata('{"ref": "no. " & debtref}');
    await attempt(await setUp({ definition, transform }), PAYMENT, false);
    expect(receiver.requests[0]!.body).toBe('{"ref":"no. 765"}');
  });

  it('uses the current service definition at each attempt', async () => {
    receiver.answerWith([500, 200]);
    const seeded = await setUp({ definition });
    const { notificationId } = await attempt(seeded, PAYMENT, false);
    await putDefinition(database.db, seeded.eventType, { steps: [], transform: jsonata('{"now": "this"}') });
    await again(notificationId);
    expect(receiver.requests.map(({ body }) => body)).toEqual(['{"debtref":"765","key":"mySecret"}', '{"now":"this"}']);
  });
});

describe('composition failures', () => {
  it.each<[string, Setup, string]>([
    [
      'no row',
      { definition: definitionOf('ledgerpayment'), data: '{"paymentid":"1","ledgeraccountid":"1"}' },
      'the query on data source ledger returned no row',
    ],
    [
      'a value of the wrong type',
      { definition: definitionOf('ledgerpayment'), data: '{"paymentid":"4111-hidden","ledgeraccountid":"1"}' },
      'the argument paymentid is not of type int',
    ],
    [
      'an expression that fails',
      { transform: jsonata('{"n": $number(paymentid)}'), data: '{"paymentid":"4111-hidden"}' },
      'the transform fails at line 1, column 14 (JSONata D3030)',
    ],
    ['an expression without a result', { transform: jsonata('nosuch') }, 'the transform returned nothing'],
  ])('fails an attempt with class transform and its reason for %s, and retries it', async (_, setup, message) => {
    const seeded = await setUp(setup);
    const { outcome, kept, notificationId } = await attempt(seeded, setup.data ?? PAYMENT, false);
    expect(outcome).toMatchObject({ kind: 'retry', attempts: 1, reason: message });
    expect(kept).toMatchObject({ status: null, error: { class: 'transform', message }, response: null });
    expect(kept.request).toMatchObject({ headers: {}, body: null });
    expect(receiver.requests).toEqual([]);
    expect(logged).not.toContain('4111-hidden');
    await database.db.query({ text: 'update subscriptions set transform = null' });
    await database.db.query({ text: 'delete from service_definitions' });
    expect((await again(notificationId)).outcome).toMatchObject({ kind: 'delivered', attempts: 2 });
  });
});
