import { onboard } from '../support/service';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/**
 * Real deliveries to an inbox of the test receiver, where the address guard allows no address of
 * this machine.
 */
const service = useService(() => ({
  SIGNPOST_PLAY: 'on',
  SIGNPOST_ALLOW_ADDRESSES: '',
}));

const capturedBy = (inboxId: string, count: number) =>
  until(
    async () => (await service.must('GET', `/v1/play-inboxes/${inboxId}/requests`)).items,
    (items) => items.length >= count,
  );

async function inboxWithEndpoint(answer: object = {}, settings: object = {}) {
  const { id: productId } = await service.must('POST', '/v1/products', { name: 'P', enabled: true });
  const eventType = `order.created-${productId}.v1`.toLowerCase();
  await service.must('PUT', `/v1/event-types/${eventType}`, { productId });
  const { id: customerId } = await service.must('POST', '/v1/customers', { name: 'C', productId });
  const inbox = await service.must('POST', '/v1/play-inboxes', { customerId, name: 'Inbox', answer });
  const subscription = await service.must('POST', '/v1/subscriptions', {
    customerId,
    name: 'to the inbox',
    url: inbox.url,
    eventTypes: ['*'],
    ...settings,
  });
  const post = async (): Promise<string> =>
    (await service.must('POST', '/v1/events', { type: eventType, customerId, data: { amount: 1 } })).notifications[0]
      .id;
  return { inbox, subscription, post };
}

it('a delivery reaches an inbox and is verified, with the guard closed', async () => {
  const { inbox, subscription, post } = await inboxWithEndpoint();
  expect(inbox.url.startsWith(`${service.url}/play/in/`)).toBe(true);
  expect(subscription.status).toBe('enabled');
  const notificationId = await post();
  await service.reaches(notificationId, 'delivered');
  const [request] = await capturedBy(inbox.id, 1);
  expect(request).toMatchObject({
    method: 'POST',
    responseStatus: 200,
    signature: { status: 'verified' },
    subscriptionId: subscription.id,
    notificationId,
  });
  const { headers, body } = await service.must('GET', `/v1/play-requests/${request.id}`);
  expect(headers).toMatchObject({ host: new URL(service.url).host, 'webhook-id': request.eventId });
  expect(JSON.parse(body)).toMatchObject({ data: { amount: 1 } });
});

it('a private header, a token and a secret in the body of a delivery are masked', async () => {
  const secret = 'shared secret of the customer';
  const { inbox, post } = await inboxWithEndpoint(
    {},
    {
      secret,
      format: 'flat',
      headers: { 'x-tenant': 'private-value' },
      auth: { type: 'bearer', token: 'private-token' },
    },
  );
  await service.reaches(await post(), 'delivered');
  const [{ id }] = await capturedBy(inbox.id, 1);
  const request = await service.must('GET', `/v1/play-requests/${id}`);
  expect(request.headers).toMatchObject({ 'x-tenant': '***', authorization: '***' });
  expect(JSON.parse(request.body)).toMatchObject({ amount: 1, secret: '***' });
  expect(JSON.stringify(request)).not.toMatch(/private-|shared secret/);
});

it("the secret of an endpoint that is another customer's is masked, too", async () => {
  const { inbox } = await inboxWithEndpoint();
  const other = await onboard(service, inbox.url, { format: 'flat', secret: 'shared secret of the other' });
  const [notificationId] = await other.post();
  await service.reaches(notificationId!, 'delivered');
  const [{ id }] = await capturedBy(inbox.id, 1);
  const { body, signature } = await service.must('GET', `/v1/play-requests/${id}`);
  expect(JSON.parse(body)).toMatchObject({ secret: '***' });
  expect(signature.status).toBe('failed');
});

it('an inbox that fails is retried, and a slow one times out', async () => {
  const { inbox, post } = await inboxWithEndpoint({ status: 503 }, { retrySchedule: [1] });
  const failing = await post();
  await service.reaches(failing, 'failed');
  expect(await capturedBy(inbox.id, 2)).toHaveLength(2);
  const slow = await inboxWithEndpoint({ delaySeconds: 5 }, { timeoutSeconds: 1, retrySchedule: [] });
  const notificationId = await slow.post();
  await service.reaches(notificationId, 'failed');
  const { attempts } = await service.must('GET', `/v1/notifications/${notificationId}`);
  expect(attempts[0].error).toMatchObject({ class: 'timeout' });
  expect(attempts[0].durationMs).toBeLessThan(3000);
});

it.each(['/healthz', '/play/in/', '/play/in/x', '/v1/play-inboxes'])(
  'nothing else of the own origin is reached: %s',
  async (path) => {
    const customer = await onboard(service, service.url + path, { retrySchedule: [] });
    const [notificationId] = await customer.post();
    const { attempts } = await until(
      () => service.must('GET', `/v1/notifications/${notificationId}`),
      (seen) => seen.attempts.length > 0,
    );
    expect(attempts[0]).toMatchObject({ status: null, error: { class: 'blocked' } });
  },
);
