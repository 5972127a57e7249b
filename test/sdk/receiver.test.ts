import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import {
  answerChallenge,
  deduplicator,
  MemoryStore,
  signpostReceiver,
  verifyStandard,
  VerificationError,
  type Delivery,
  type VerifiedRequest,
} from '../../sdk/src/receiver';
import { useScenario } from '../support/scenario';

/** The helpers as a receiver uses them, with real deliveries of the built service. */
const scenario = useScenario();
const SECRET = 'shared secret of the receiver';
const FORMATS = ['standard', 'envelope', 'trigger', 'flat'] as const;
let server: Server;
let url: string;
let got: Delivery[];

beforeAll(async () => {
  const app = express();
  for (const format of FORMATS) {
    app.all(`/${format}`, signpostReceiver({ secret: SECRET, format }), (request, response) => {
      got.push((request as unknown as VerifiedRequest).signpost);
      response.sendStatus(204);
    });
  }
  app.all(
    '/wrong',
    signpostReceiver({ secret: 'another secret' }),
    (_request, response) => void response.sendStatus(204),
  );
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await scenario.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
  await scenario.must('PUT', '/v1/event-types/paid.v1', { productId: 'p' });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  got = [];
});

async function subscribe(customerId: string, settings: object) {
  await scenario.must('POST', '/v1/customers', { id: customerId, name: customerId, productId: 'p', retrySchedule: [] });
  const body = { customerId, name: 'main', eventTypes: ['paid.v1'], secret: SECRET, ...settings };
  return scenario.must('POST', '/v1/subscriptions', body);
}

it.each(FORMATS)('verifies a delivery of format %s, and answers its challenge', async (format) => {
  const subscription = await subscribe(`verified-${format}`, { url: `${url}/${format}`, format });
  expect(await scenario.must('POST', `/v1/subscriptions/${subscription.id}/challenge`)).toMatchObject({
    status: 'verified',
  });
  const data = { paymentId: 'P-1', payer: 'Zoë' };
  const event = { type: 'paid.v1', customerId: `verified-${format}`, data };
  const { id, notifications } = await scenario.must('POST', '/v1/events', event);
  await scenario.reaches(notifications[0].id, 'delivered');
  expect(got).toMatchObject([{ id, attempt: 1 }]);
  const payload = got[0]!.payload as Record<string, never>;
  const told = {
    standard: () => payload.data,
    envelope: () => payload.details,
    trigger: () => payload.data?.['event'],
    flat: () => payload,
  }[format]();
  expect(told).toMatchObject(data);
});

it('takes a GET of format trigger by its token', async () => {
  await subscribe('by-get', { url: `${url}/trigger`, format: 'trigger', method: 'GET' });
  const { notifications } = await scenario.must('POST', '/v1/events', {
    type: 'paid.v1',
    customerId: 'by-get',
    data: {},
  });
  await scenario.reaches(notifications[0].id, 'delivered');
  expect(got[0]).toMatchObject({ payload: { object_class: 'paid.v1', account_id: 'by-get' } });
});

it('answers 401 to what another secret signed, and nothing is done', async () => {
  await subscribe('unverified', { url: `${url}/wrong` });
  const { notifications } = await scenario.must('POST', '/v1/events', {
    type: 'paid.v1',
    customerId: 'unverified',
    data: {},
  });
  const failed = await scenario.reaches(notifications[0].id, 'failed');
  expect(failed.lastResponseStatus).toBe(401);
});

describe('verifyStandard', () => {
  const now = () => String(Math.floor(Date.now() / 1000));
  const headersOf = (signature: string, timestamp = now()) => ({
    'webhook-id': 'evt_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  });

  it('takes an ed25519 signature, by the public key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const timestamp = now();
    const signature = `v1a,${sign(null, Buffer.from(`evt_1.${timestamp}.{}`), privateKey).toString('base64')}`;
    const options = { publicKey: `whpk_${raw.toString('base64')}` };
    expect(verifyStandard('{}', headersOf(signature, timestamp), options).id).toBe('evt_1');
    expect(() => verifyStandard('{ }', headersOf(signature, timestamp), options)).toThrow(VerificationError);
  });

  it.each([
    ['no headers', {}],
    ['an old timestamp', headersOf('v1,x', '1000000000')],
    ['a timestamp that is none', headersOf('v1,x', 'now')],
    ['a signature of an unknown kind', headersOf('v9,x')],
    ['an empty signature', headersOf('v1,')],
  ])('refuses %s', (_, headers) => {
    expect(() => verifyStandard('{}', headers, { secret: SECRET })).toThrow(VerificationError);
  });
});

it('answers a challenge as the account-activity scheme has it', () => {
  // As `openssl dgst -sha256 -hmac secret` makes it of `token`.
  expect(answerChallenge('token', 'secret').response_token).toBe('sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko=');
});

it.each(['msg_1.1700000000.{"amount":1}', '{"amount":1}', 'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9', '', 'x'.repeat(201)])(
  'signs nothing that a caller chose: %s',
  (chosen) => {
    expect(() => answerChallenge(chosen, 'secret')).toThrow(VerificationError);
  },
);

describe('deduplicator', () => {
  it('runs the work of an id once, and again where it failed', async () => {
    const once = deduplicator();
    let runs = 0;
    expect(await once('a', () => (runs += 1))).toBe(true);
    expect(await once('a', () => (runs += 1))).toBe(false);
    await expect(
      once('b', () => {
        throw new Error('not now');
      }),
    ).rejects.toThrow('not now');
    expect(await once('b', () => (runs += 1))).toBe(true);
    expect(runs).toBe(2);
  });

  it('forgets the oldest beyond its size, and all after their time', async () => {
    const store = new MemoryStore(2);
    for (const id of ['a', 'b', 'c']) expect(store.add(id, 60_000)).toBe(true);
    expect([store.add('c', 60_000), store.add('a', 60_000)]).toEqual([false, true]);
    expect(store.add('short', 1)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(store.add('short', 1)).toBe(true);
  });
});
