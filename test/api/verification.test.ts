import { challengeResponse } from '../../src/domain/signing';
import { startTestApi, type TestApi } from '../support/api';
import { startReceiver, type Receiver } from '../support/receiver';

/**
 * A product that requires challenges: nothing is delivered to a URL before its owner has proven to
 * know the secret.
 */
let api: TestApi;
let receiver: Receiver;
let productId: string;
let key: string;
let customerId: string;
let id: string;
let secret: string;
const TYPE = 'verified.only.v1';

beforeAll(async () => {
  api = await startTestApi();
  ({ productId, key } = await api.tenant('careful'));
  await api.must('PUT', `/v1/event-types/${TYPE}`, {}, key);
});
afterAll(() => api?.stop());

beforeEach(async () => {
  receiver = await startReceiver();
  await api.must('PATCH', `/v1/products/${productId}`, { requireVerification: true });
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
  const settings = { customerId, name: 's', url: receiver.url('/hook?a=1'), eventTypes: [TYPE] };
  ({ id, secret } = await api.must('POST', '/v1/subscriptions', settings, key));
  api.settled.length = api.started.length = 0;
});
afterEach(() => receiver.close());

const post = async () =>
  (await api.must('POST', '/v1/events', { type: TYPE, customerId, data: {} }, key)).notifications[0].status;
const challenge = () => api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key);
const status = async () => (await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).status;

it('an unverified subscription holds notifications until a challenge is passed', async () => {
  expect(await status()).toBe('unverified');
  expect(await post()).toBe('held');
  expect(api.started).toEqual([]);

  receiver.answerWith({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' });
  expect(await challenge()).toMatchObject({ status: 'failed' });
  expect(await status()).toBe('unverified');
  expect(api.settled).toEqual([]);

  receiver.answerChallenges(secret);
  expect(await challenge()).toMatchObject({ status: 'verified', responseStatus: 200 });
  expect(await status()).toBe('enabled');
  expect(api.settled).toEqual([id]);
});

it('a verified subscription takes deliveries until a later challenge fails', async () => {
  receiver.answerChallenges(secret);
  await challenge();
  expect(await post()).toBe('pending');
  receiver.answerChallenges('another secret');
  expect(await challenge()).toMatchObject({ status: 'failed' });
  expect(await post()).toBe('held');
});

it('dropping the requirement of verification releases held notifications', async () => {
  await post();
  await api.must('PATCH', `/v1/products/${productId}`, { name: 'still careful' });
  expect(api.settled).toEqual([]);
  await api.must('PATCH', `/v1/products/${productId}`, { requireVerification: false });
  expect(api.settled).toContain(id);
  expect(await status()).toBe('enabled');
});

it("a challenge is a GET with a new token each time, after the URL's own query", async () => {
  receiver.answerChallenges(secret);
  await challenge();
  await challenge();
  const paths = receiver.requests.map(({ method, path }) => `${method} ${path}`);
  for (const path of paths) expect(path).toMatch(/^GET \/hook\?a=1&crc_token=[\w-]{32}$/);
  expect(new Set(paths).size).toBe(2);
});

it('a challenge accepts the previous secret during its overlap, and not after', async () => {
  receiver.answerChallenges(secret);
  await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { overlapSeconds: 60 }, key);
  expect(await challenge()).toMatchObject({ status: 'verified' });
  await api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, { overlapSeconds: 0 }, key);
  expect(await challenge()).toMatchObject({ status: 'failed' });
});

it.each([
  ['the URL', () => ({ url: receiver.url('/other') })],
  ['the headers', () => ({ headers: { 'X-Api-Key': 'new' } })],
  ['the authentication', () => ({ auth: { type: 'bearer', token: 't0ken' } })],
])('a challenge during which %s changed verifies nothing', async (_what, change) => {
  let answer: () => void = () => undefined;
  receiver.answerWith(({ path }) => {
    const token = new URL(path, 'http://receiver').searchParams.get('crc_token')!;
    const body = JSON.stringify({ response_token: challengeResponse(secret, token) });
    return new Promise((resolve) => (answer = () => resolve({ status: 200, body })));
  });
  const inFlight = challenge();
  await receiver.waitFor(1);
  await api.must('PATCH', `/v1/subscriptions/${id}`, change(), key);
  answer();
  expect(await inFlight).toMatchObject({ status: 'verified' });
  expect(await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).toMatchObject({
    verification: { status: 'unverified', at: null },
  });
});

/** Answers challenges with a secret. @returns what sends the answer that is withheld */
function answerLater(withSecret: string): () => void {
  let answer: () => void = () => undefined;
  receiver.answerWith(({ path }) => {
    const token = new URL(path, 'http://receiver').searchParams.get('crc_token')!;
    const body = JSON.stringify({ response_token: challengeResponse(withSecret, token) });
    return new Promise((resolve) => (answer = () => resolve({ status: 200, body })));
  });
  return () => answer();
}
const verification = async () =>
  (await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).verification.status as string;
const rotate = (body: object) => api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, body, key);

describe('a challenge during which the secret was rotated', () => {
  const ROTATED = 'the secret was rotated before the response: send another challenge';

  it('verifies nothing if it proves a secret that no longer signs', async () => {
    const answer = answerLater(secret);
    const inFlight = challenge();
    await receiver.waitFor(1);
    await rotate({ overlapSeconds: 0 });
    answer();
    expect(await inFlight).toMatchObject({ status: 'failed', detail: ROTATED });
    expect(await verification()).toBe('unverified');
    expect(await status()).toBe('unverified');
    expect(api.settled).toEqual([]);
  });

  it('is passed by a secret that still signs during the overlap', async () => {
    const answer = answerLater(secret);
    const inFlight = challenge();
    await receiver.waitFor(1);
    await rotate({ overlapSeconds: 60 });
    answer();
    expect(await inFlight).toMatchObject({ status: 'verified' });
    expect(await status()).toBe('enabled');
  });

  it.each([
    ['the new secret', 'the new secret'],
    ['the replaced secret', undefined],
  ])('does not take the verification away if the response proves %s', async (_, proven) => {
    const verify = answerLater(secret);
    const first = challenge();
    await receiver.waitFor(1);
    verify();
    expect(await first).toMatchObject({ status: 'verified' });
    const answer = answerLater(proven ?? secret);
    const inFlight = challenge();
    await receiver.waitFor(2);
    await rotate({ secret: 'the new secret', overlapSeconds: 0 });
    answer();
    expect(await inFlight).toMatchObject({ status: 'failed', detail: ROTATED });
    expect(await status()).toBe('enabled');
    receiver.answerChallenges('the new secret');
    expect(await challenge()).toMatchObject({ status: 'verified' });
  });
});

it("every challenge is recorded, newest first, with the receiver's response", async () => {
  receiver.answerWith({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  await challenge();
  receiver.answerWith({ status: 200, body: 'not JSON' });
  await challenge();
  receiver.answerChallenges(secret);
  await challenge();
  const { items } = await api.must('GET', `/v1/subscriptions/${id}/challenges`, undefined, key);
  expect(items.map((item: { status: string; responseStatus: number }) => [item.status, item.responseStatus])).toEqual([
    ['verified', 200],
    ['failed', 200],
    ['failed', 302],
  ]);
  for (const item of items) expect(JSON.stringify(item)).not.toContain(secret);
  expect(receiver.requests).toHaveLength(3);
});

it('a challenge does not reach a blocked address', async () => {
  // The address of cloud metadata. The guard of these tests allows loopback only.
  await api.must('POST', '/v1/url-allowlist', { pattern: 'http://169.254.169.254' });
  await api.must('PATCH', `/v1/subscriptions/${id}`, { url: `http://169.254.169.254/${id}` }, key);
  expect(await challenge()).toMatchObject({
    status: 'failed',
    responseStatus: null,
    detail: 'address 169.254.169.254 is not allowed',
  });
});
