import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { readHs256 } from '../support/jwt';
import { useReceiver, type ReceivedRequest } from '../support/receiver';
import { useService } from '../support/use-service';

/**
 * Example payloads of the systems that the formats come from (docs/migrating), as a receiver of the
 * built service gets them. The rules are in test/e2e/formats.
 */
const service = useService();
const receiver = useReceiver();

const PRODUCT = 'PRD-578-226-824';
const SECRET = 'mySecret';

beforeAll(async () => {
  await service.must('POST', '/v1/products', { id: PRODUCT, name: 'P', enabled: true });
  for (const name of ['event.claim.created.v1', 'fulfillment_requests', 'ledgerpayment', 'statuschange'])
    await service.must('PUT', `/v1/event-types/${name}`, { productId: PRODUCT, sample: { sampled: name } });
});
let counter = 0;
/** Creates a customer with one subscription. */
async function subscribe(settings: Record<string, unknown>, id = `customer-${++counter}`) {
  await service.must('POST', '/v1/customers', { id, name: id, productId: PRODUCT });
  const body = { customerId: id, name: 'main', url: receiver.url('/hook'), secret: SECRET, ...settings };
  return service.must('POST', '/v1/subscriptions', body);
}
/** Posts an event for the customer of a subscription. @returns the id of its notification */
async function post(subscription: { customerId: string }, event: object): Promise<string> {
  const { notifications } = await service.must('POST', '/v1/events', { customerId: subscription.customerId, ...event });
  expect(notifications).toHaveLength(1);
  return notifications[0].id;
}
/** The last attempt of a notification, as the API shows it. */
async function shown(id: string) {
  const { attempts } = await service.must('GET', `/v1/notifications/${id}`);
  return service.must('GET', `/v1/attempts/${attempts.at(-1).id}`);
}
const hmac = (text: string) => createHmac('sha256', SECRET).update(text);
/**
 * Checks the signature of any format without the stock library, which parses the body and does not
 * know GET.
 */
function expectSigned({ headers, body }: ReceivedRequest): void {
  const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${hmac(text).digest('base64')}`);
}
const tokenOf = ({ headers }: ReceivedRequest) =>
  readHs256(/^Bearer (.+)$/.exec(String(headers.authorization))![1]!, SECRET);

describe('example payload of format envelope', () => {
  const DETAILS =
    '"accountReference":"PDN-922-Oct14-0001","claimRef":"PDN-922-claim-Oct14-00010","receeveClaimRef":"PDN-922-claim-Oct14-00010",' +
    '"amount":501,"currency":"EUR","dueDate":"2021-10-07"';
  const USER = '{"id":"USER_ID","poolId":"POOL_ID","originator":"ClientAPI"}';
  const event = {
    id: '09feeb6f-350a-430a-a040-cd1c558cbc91',
    type: 'event.claim.created.v1',
    timestamp: '2021-10-14T15:33:16.848Z',
    data: JSON.parse(`{${DETAILS}}`),
    user: JSON.parse(USER),
  };

  it('the envelope example has the payload, a signature over its text, and that text', async () => {
    const subscription = await subscribe({ format: 'envelope', eventTypes: ['event.claim.*.v1'] });
    const id = await post(subscription, event);
    await receiver.waitFor(1);
    const [request] = receiver.requests;
    const payload =
      `{"details":{"messageType":"event.claim.created.v1",${DETAILS}},"messageId":"09feeb6f-350a-430a-a040-cd1c558cbc91",` +
      `"timestamp":"2021-10-14T15:33:16.848Z","user":${USER}}`;
    const signature = hmac(payload).digest('hex');
    expect(request!.body).toBe(
      `{"payload":${payload},"signature":"${signature}","payloadAsString":${JSON.stringify(payload)}}`,
    );
    expectSigned(request!);
    expect(request!.headers).toMatchObject({
      'webhook-id': expect.stringMatching(/^evt_/),
      'content-type': 'application/json',
    });
    const stock = new Webhook(SECRET, { format: 'raw' });
    expect(stock.verify(request!.body, request!.headers as Record<string, string>)).toMatchObject({ signature });
    await service.reaches(id, 'delivered');
    expect(await shown(id)).toMatchObject({ request: { body: request!.body } });
  });
});

describe('example payload of format trigger', () => {
  const event = { type: 'fulfillment_requests', data: { id: 'PR-100-003-001' } };
  const settings = {
    format: 'trigger',
    name: 'Tutorial Webhook',
    eventTypes: ['fulfillment_requests'],
    customData: { purpose: 'demo', audience: 'partners' },
    timeoutSeconds: 600,
    retrySchedule: 'growing',
  };
  /** The body in the document, with our own ids and times. */
  const bodyOf = (subscriptionId: string, account: string, at: string, lastFailureAt: string | null) =>
    `{"webhook_id":"${subscriptionId}","webhook_name":"Tutorial Webhook","object_class":"fulfillment_requests","account_id":"${account}",` +
    `"product_id":"PRD-578-226-824","api_url":"${service.url}/v1/subscriptions/${subscriptionId}","triggered_at":"${at}","last_success_at":null,` +
    `"last_failure_at":${JSON.stringify(lastFailureAt)},"processing_timeout":600,` +
    '"data":{"purpose":"demo","audience":"partners","event":{"id":"PR-100-003-001"}}}';
  /** The same as claims of the token. */
  const claimsOf = (body: string) => {
    const triggeredAt = /"triggered_at":"([^"]+)"/.exec(body)![1]!;
    return body.replace(/}$/, `,"exp":${Math.floor(Date.parse(triggeredAt) / 1000) + 600}}`);
  };
  const triggeredAt = (json: string) => (JSON.parse(json) as { triggered_at: string }).triggered_at;

  it('the trigger example has the last results and a token, and allows ten minutes in the slow lane', async () => {
    receiver.answerWith([503, 200]);
    const subscription = await subscribe(settings, 'VA-240-990');
    const id = await post(subscription, event);
    const waiting = await service.reaches(id, 'retrying');
    const waitMs = Date.parse(waiting.nextAttemptAt) - Date.parse(waiting.attempts[0].finishedAt);
    expect(waitMs).toBeGreaterThanOrEqual(300_000);
    expect(waitMs).toBeLessThanOrEqual(330_000);
    await service.must('POST', `/v1/notifications/${id}/retry`, {});
    await service.reaches(id, 'delivered');
    const { lastFailure } = await service.must('GET', `/v1/subscriptions/${subscription.id}/statistics`);
    const [first, second] = receiver.requests;
    for (const [request, lastFailureAt] of [
      [first!, null],
      [second!, lastFailure.at],
    ] as const) {
      expect(request.body).toBe(bodyOf(subscription.id, 'VA-240-990', triggeredAt(request.body), lastFailureAt));
      expect(tokenOf(request)).toEqual({ header: '{"typ":"JWT","alg":"HS256"}', claims: claimsOf(request.body) });
      expectSigned(request);
    }
    expect(await shown(id)).toMatchObject({
      workflowId: `notification/${id}`,
      request: { body: second!.body, headers: { authorization: '***' } },
    });
  });

  it('the trigger example by GET has the token and no body', async () => {
    const subscription = await subscribe({ ...settings, method: 'GET', url: receiver.url('/hook?tenant=7') });
    const id = await post(subscription, event);
    await service.reaches(id, 'delivered');
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'GET', path: '/hook?tenant=7', body: '' });
    expect(request!.headers['content-type']).toBeUndefined();
    const { claims } = tokenOf(request!);
    expect(claims).toBe(claimsOf(bodyOf(subscription.id, subscription.customerId, triggeredAt(claims), null)));
    expectSigned(request!);
    expect(await shown(id)).toMatchObject({
      request: { method: 'GET', body: null, headers: { authorization: '***' } },
    });
  });

  it('the trigger example is signed by the new secret after a rotation', async () => {
    const subscription = await subscribe({ ...settings, secret: 'replaced' });
    await service.must('POST', `/v1/subscriptions/${subscription.id}/secret/rotate`, { secret: SECRET });
    await post(subscription, event);
    await receiver.waitFor(1);
    expect(tokenOf(receiver.requests[0]!).header).toBe('{"typ":"JWT","alg":"HS256"}');
  });
});

describe('example payload of format flat', () => {
  const settings = { format: 'flat', eventTypes: ['ledgerpayment', 'statuschange'] };
  const PAYMENT =
    '{"paymentid":"18142","ledgeraccountid":"111927","revision":"1","debtcreditorid":"1","partytypeid":"1","secret":"mySecret"}';
  const STATUS = '{"ledgeraccountid":"111927","status":"PAID","secret":"mySecret"}';

  it.each([
    ['ledgerpayment', 'POST', PAYMENT],
    ['statuschange', 'PUT', STATUS],
  ])(
    'the flat example of %s by %s has the fields and the shared secret, which the API masks',
    async (type, method, body) => {
      const subscription = await subscribe({ ...settings, method });
      const { secret: _, ...data } = JSON.parse(body) as Record<string, string>;
      const id = await post(subscription, { type, data });
      await service.reaches(id, 'delivered');
      const [request] = receiver.requests;
      expect(request).toMatchObject({ method, body });
      expectSigned(request!);
      expect(await shown(id)).toMatchObject({ request: { method, body: body.replace(SECRET, '***') } });
    },
  );
});

describe('Trigger Now', () => {
  it('a triggered notification is retried, also in the slow lane', async () => {
    receiver.answerWith([500, 200]);
    const settings = { format: 'standard', eventTypes: ['statuschange'], timeoutSeconds: 30, retrySchedule: [1] };
    const subscription = await subscribe(settings);
    const { id } = await service.must('POST', `/v1/subscriptions/${subscription.id}/trigger`, { data: { own: 1 } });
    expect(await service.reaches(id, 'delivered')).toMatchObject({ attemptCount: 2 });
    expect(receiver.requests.map(({ body }) => JSON.parse(body).data)).toEqual([{ own: 1 }, { own: 1 }]);
  });

  it('a triggered notification is held and released with its subscription', async () => {
    const subscription = await subscribe({ format: 'flat', eventTypes: ['statuschange'], enabled: false });
    const { id, status } = await service.must('POST', `/v1/subscriptions/${subscription.id}/trigger`, {});
    expect(status).toBe('held');
    await service.must('POST', `/v1/subscriptions/${subscription.id}/enable`, {});
    await service.reaches(id, 'delivered');
    expect(receiver.requests).toHaveLength(1);
  });
});

it('the database holds tokens and shared secrets only sealed', async () => {
  const { rows } = await service.database.db.query<{ found: boolean }>({
    text: `select bool_or(found) as found from (
             select a::text like '%mySecret%' or a::text like '%Bearer e%' as found from attempts a
             union all select s::text like '%mySecret%' from subscription_secrets s
             union all select e::text like '%mySecret%' from events e
             union all select i::text like '%mySecret%' from audit i) seen`,
  });
  expect(rows).toEqual([{ found: false }]);
});
