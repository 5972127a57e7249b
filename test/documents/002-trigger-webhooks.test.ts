import path from 'node:path';
import { signpost } from '../support/cli';
import { readHs256 } from '../support/jwt';
import { ADMIN_KEY } from '../support/service';
import { useScenario } from '../support/scenario';
import { until } from '../support/until';

/**
 * The system of docs/migrating/trigger-webhooks.md: webhooks that trigger a handler, set up in a
 * wizard, tested manually, and watched by their statistics.
 */
const scenario = useScenario();
const CATALOG = path.join(__dirname, '..', '..', 'examples', 'catalogs', 'marketplace.yaml');
const TYPE = 'fulfillment_requests';
const SECRET = 'jwt-secret';
const MINUTE_SECONDS = 60;
let id: string;
let productId: string;

const statistics = () => scenario.must('GET', `/v1/subscriptions/${id}/statistics`);
const trigger = async () => (await scenario.must('POST', `/v1/subscriptions/${id}/trigger`, {})).id as string;
const openedBearer = (headers: Record<string, unknown>, secret: string) =>
  JSON.parse(readHs256(String(headers.authorization).replace('Bearer ', ''), secret).claims);

it('importing the example catalog creates all event types of the list', async () => {
  const { code } = await signpost(scenario.url, ['onboard', 'product', CATALOG], {
    env: { SIGNPOST_API_KEY: ADMIN_KEY },
  });
  expect(code).toBe(0);
  const { items } = await scenario.must('GET', '/v1/event-types?limit=200&productId=marketplace');
  expect(items).toHaveLength(18);
  productId = items[0].productId;
  await scenario.must('PATCH', `/v1/products/${productId}`, { enabled: true });
  expect(items.map(({ name }: { name: string }) => name)).toContain(TYPE);
});

it('the wizard sets up general data, product, type, HTTP and custom data, and a disabled webhook sends nothing', async () => {
  await scenario.must('POST', '/v1/customers', { id: 'VA-240-990', name: 'Vendor', productId });
  const body = {
    customerId: 'VA-240-990',
    name: 'Tutorial Webhook',
    description: 'Processes requests.',
    enabled: false,
    productId,
    eventTypes: [TYPE],
    format: 'trigger',
    method: 'POST',
    url: scenario.receiver.url('/handler'),
    secret: SECRET,
    headers: { 'X-Env': 'demo' },
    customData: { purpose: 'demo', audience: 'partners' },
    timeoutSeconds: 10 * MINUTE_SECONDS,
    retrySchedule: 'growing',
  };
  const made = await scenario.must('POST', '/v1/subscriptions', body);
  id = made.id;
  expect(made).toMatchObject({ status: 'disabled', secret: SECRET });
  const waits: number[] = made.retrySchedule;
  expect(waits[0]).toBeGreaterThanOrEqual(5 * MINUTE_SECONDS);
  expect(waits.every((wait, index) => index === 0 || wait > waits[index - 1]!)).toBe(true);
  const held = await scenario.must('POST', `/v1/subscriptions/${id}/trigger`, {});
  expect(held.status).toBe('held');
  await scenario.must('POST', `/v1/subscriptions/${id}/enable`);
  await scenario.reaches(held.id, 'delivered');
});

it('headers of HTTP itself and of the signature are refused', async () => {
  for (const name of ['Host', 'Content-Length', 'Connection', 'Authorization', 'webhook-signature']) {
    const answer = await scenario.call('PATCH', `/v1/subscriptions/${id}`, { headers: { [name]: 'x' } });
    expect([name, answer.status]).toEqual([name, 422]);
  }
});

it('Trigger Now calls the handler as configured, and counts the event, the trigger and the response', async () => {
  const before = await statistics();
  await scenario.reaches(await trigger(), 'delivered');
  const [request] = await scenario.received(1);
  expect(request).toMatchObject({ method: 'POST', path: '/handler', headers: { 'x-env': 'demo' } });
  const body = JSON.parse(request!.body);
  expect(body).toMatchObject({
    webhook_id: id,
    webhook_name: 'Tutorial Webhook',
    object_class: TYPE,
    account_id: 'VA-240-990',
    product_id: productId,
    processing_timeout: 600,
    data: { purpose: 'demo', audience: 'partners' },
  });
  const { exp, ...claims } = openedBearer(request!.headers, SECRET);
  expect(claims).toEqual(body);
  expect(exp).toBe(Math.floor(Date.parse(body.triggered_at) / 1000) + 600);
  const after = await statistics();
  expect([after.events, after.triggers, after.successResponses]).toEqual([
    before.events + 1,
    before.triggers + 1,
    before.successResponses + 1,
  ]);
  expect((await scenario.must('GET', `/v1/attempts/${after.lastSuccess.attemptId}`)).response.status).toBe(200);
});

it('a failed response appears in the statistics, with the next attempt and the response body', async () => {
  scenario.receiver.answerWith({ status: 500, body: 'not today' });
  await scenario.reaches(await trigger(), 'retrying');
  const figures = await statistics();
  expect(figures).toMatchObject({
    failureResponses: 1,
    failuresSinceLastSuccess: 1,
    lastFailure: { at: expect.any(String) },
  });
  const waitsSeconds = (Date.parse(figures.nextTriggerAt) - Date.parse(figures.lastFailure.at)) / 1000;
  // Up to 10 % of jitter.
  expect(waitsSeconds).toBeGreaterThanOrEqual(5 * MINUTE_SECONDS);
  expect(waitsSeconds).toBeLessThanOrEqual(5.5 * MINUTE_SECONDS);
  const attempt = await scenario.must('GET', `/v1/attempts/${figures.lastFailure.attemptId}`);
  expect(attempt.response).toMatchObject({ status: 500, body: 'not today' });
  scenario.receiver.answerWith(200);
  await scenario.reaches(await trigger(), 'delivered');
  expect(await statistics()).toMatchObject({ failuresSinceLastSuccess: 0, failureResponses: 1 });
});

it('a webhook by GET calls the handler with the token and without a body', async () => {
  await scenario.must('PATCH', `/v1/subscriptions/${id}`, { method: 'GET' });
  await scenario.reaches(await trigger(), 'delivered');
  const [request] = await scenario.received(1);
  expect(request).toMatchObject({ method: 'GET', body: '' });
  expect(openedBearer(request!.headers, SECRET)).toMatchObject({ webhook_id: id });
  await scenario.must('PATCH', `/v1/subscriptions/${id}`, { method: 'POST' });
});

it('the secret can be viewed and replaced by a generated one, which signs from then on', async () => {
  expect((await scenario.must('GET', `/v1/subscriptions/${id}/secret`)).secret).toBe(SECRET);
  const { secret } = await scenario.must('POST', `/v1/subscriptions/${id}/secret/rotate`, {});
  expect(secret).not.toBe(SECRET);
  await scenario.reaches(await trigger(), 'delivered');
  const [request] = await scenario.received(1);
  expect(openedBearer(request!.headers, secret)).toMatchObject({ webhook_id: id });
});

it('everything except type and product can be edited', async () => {
  const changed = await scenario.must('PATCH', `/v1/subscriptions/${id}`, { name: 'Renamed', description: '' });
  expect(Date.parse(changed.modifiedAt)).toBeGreaterThan(Date.parse(changed.createdAt));
  const refused = await scenario.call('PATCH', `/v1/subscriptions/${id}`, { eventTypes: ['usage_files'] });
  expect(refused.status).toBeGreaterThanOrEqual(400);
});

it('a handler that answers 410 is disabled automatically, and enabling it releases held notifications', async () => {
  scenario.receiver.answerWith(410);
  await scenario.reaches(await trigger(), 'failed');
  const status = () => scenario.must('GET', `/v1/subscriptions/${id}`).then((seen) => seen.status as string);
  await until(status, (seen) => seen === 'out-of-order');
  const meanwhile = await trigger();
  expect((await scenario.must('GET', `/v1/notifications/${meanwhile}`)).status).toBe('held');
  scenario.receiver.answerWith(200);
  await scenario.must('POST', `/v1/subscriptions/${id}/enable`);
  await scenario.reaches(meanwhile, 'delivered');
});

it('webhooks are listed with name, type, status and dates, and can be deleted', async () => {
  const { items } = await scenario.must('GET', '/v1/subscriptions?customerId=VA-240-990');
  expect(items).toMatchObject([{ id, name: 'Renamed', eventTypes: [TYPE], status: 'enabled' }]);
  await scenario.must('DELETE', `/v1/subscriptions/${id}`);
  expect((await scenario.call('GET', `/v1/subscriptions/${id}`)).status).toBe(404);
});
