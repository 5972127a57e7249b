import { challengeResponse } from '../../src/domain/signing';
import { withReceiver, type Receiver } from '../support/receiver';
import { onboard } from '../support/service';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/**
 * Settings that are changed while a notification waits for its second attempt. The wait is an hour,
 * and ends when the test shortens it, so that no change can come too late. The tests wait for
 * receivers, so they run at the same time.
 */
const service = useService();

/** Ends after the change of the setting, because it is the last change. */
const NOW = { retrySchedule: [1] };
/** For the tests that wait for its end. */
const SHORT_LADDER_SECONDS = 10;

const get = async (id: string) => (await service.call('GET', `/v1/notifications/${id}`)).body;

const dueIn = async (id: string) => (Date.parse((await get(id)).nextAttemptAt) - Date.now()) / 1000;

/** A notification whose first attempt has failed. */
async function waiting(
  receiver: Receiver,
  settings: Record<string, unknown> = {},
  first: Parameters<Receiver['answerWith']>[0] = 500,
) {
  receiver.answerWith([first, 200].flat());
  const customer = await onboard(service, receiver.url('/before'), { retrySchedule: [3600], ...settings });
  const [id] = await customer.post({ data: { amount: 5 } });
  await service.reaches(id!, 'retrying');
  const patch = (change: Record<string, unknown>) =>
    service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, change);
  return { customer, id: id!, patch };
}

/** @returns the second request */
async function second(receiver: Receiver) {
  await receiver.waitFor(2);
  return receiver.requests[1]!;
}

it.concurrent.each([
  ['url', { url: '/after' }, { path: '/after' }],
  ['method', { method: 'PUT' }, { method: 'PUT' }],
  ['headers', { headers: { 'X-New': 'yes' } }, { headers: { 'x-new': 'yes' } }],
  ['auth', { auth: { type: 'bearer', token: 't0ken' } }, { headers: { authorization: 'Bearer t0ken' } }],
  ['format', { format: 'envelope' }, { body: /^\{"payload":/ }],
  ['transform', { transform: { language: 'jsonata', expression: '{"sum": amount + 1}' } }, { body: /"sum":6/ }],
] as const)('a changed %s holds for a notification that waits', (_what, change, expected) =>
  withReceiver(async (receiver) => {
    const { patch } = await waiting(receiver);
    await patch('url' in change ? { url: receiver.url(change.url) } : change);
    await patch(NOW);
    const request = await second(receiver);
    const { headers = {}, body, ...rest } = expected as { headers?: object; body?: RegExp };
    expect(request).toMatchObject({ ...rest, headers });
    if (body) expect(request.body).toMatch(body);
  }),
);

it.concurrent('a changed secret holds for a notification that waits', () =>
  withReceiver(async (receiver) => {
    const { customer, patch } = await waiting(receiver);
    await service.must('POST', `/v1/subscriptions/${customer.subscriptionId}/secret/rotate`, { overlapSeconds: 600 });
    await patch(NOW);
    expect(String((await second(receiver)).headers['webhook-signature']).split(' ')).toHaveLength(2);
  }),
);

it.concurrent('a changed timeoutSeconds holds for a notification that waits', () =>
  withReceiver(async (receiver) => {
    const { id, patch } = await waiting(receiver, { timeoutSeconds: 1 });
    receiver.answerWith(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return { status: 200 };
    });
    await patch({ timeoutSeconds: 20 });
    await patch(NOW);
    await second(receiver);
    expect(await service.reaches(id, 'delivered')).toMatchObject({ attemptCount: 2 });
    expect(receiver.requests).toHaveLength(2);
  }),
);

it.concurrent('a changed rateLimitPerSecond holds for a notification that waits', () =>
  withReceiver(async (receiver) => {
    const { customer, id, patch } = await waiting(receiver);
    const [other] = await customer.post({ data: { amount: 6 } });
    await service.reaches(other!, 'delivered');
    await patch({ rateLimitPerSecond: 0.01 });
    const [third] = await customer.post({ data: { amount: 7 } });
    await service.reaches(third!, 'delivered');
    await patch(NOW);
    // It was due after an hour, then after a second, and now after the 100 s of the limit.
    await until(
      () => dueIn(id),
      (seconds) => seconds > 10 && seconds < 110,
    );
    expect(receiver.requests).toHaveLength(3);
  }),
);

it.concurrent('a changed retry schedule holds for a notification that waits if it is shorter', () =>
  withReceiver(async (receiver) => {
    const { id, patch } = await waiting(receiver);
    expect(await dueIn(id)).toBeGreaterThan(3000);
    await patch({ retrySchedule: [2] });
    await second(receiver);
    expect(await service.reaches(id, 'delivered')).toMatchObject({ attemptCount: 2 });
  }),
);

it.concurrent('a changed retry schedule holds for a notification that waits if only a later wait differs', () =>
  withReceiver(async (receiver) => {
    const { id, patch } = await waiting(receiver, { retrySchedule: [SHORT_LADDER_SECONDS, 3600] }, [500, 500]);
    await patch({ retrySchedule: [SHORT_LADDER_SECONDS, 1] });
    await receiver.waitFor(3);
    expect(await service.reaches(id, 'delivered')).toMatchObject({ attemptCount: 3 });
  }),
);

it.concurrent(
  'a changed retry schedule holds for a notification that waits if it is empty: the ladder ends without another attempt',
  () =>
    withReceiver(async (receiver) => {
      const { id, patch } = await waiting(receiver, { retrySchedule: [3600, 3600] });
      await patch({ retrySchedule: [] });
      const failed = await service.reaches(id, 'failed');
      expect(failed).toMatchObject({
        attemptCount: 1,
        nextAttemptAt: null,
        live: null,
        lastError: { class: 'status' },
      });
      expect(receiver.requests).toHaveLength(1);
    }),
);

it.concurrent('a changed retry schedule holds for a notification that waits if it is that of the customer', () =>
  withReceiver(async (receiver) => {
    const { customer, id } = await waiting(receiver, { retrySchedule: null });
    const { nextAttemptAt, attempts } = await get(id);
    expect(Date.parse(nextAttemptAt) - Date.parse(attempts[0].finishedAt)).toBeGreaterThanOrEqual(30_000);
    await service.must('PATCH', `/v1/customers/${customer.customerId}`, { retrySchedule: [1] });
    await second(receiver);
    expect(await service.reaches(id, 'delivered')).toMatchObject({ attemptCount: 2 });
  }),
);

it.concurrent(
  'a changed retry schedule holds for a notification that waits, but not before the time that the receiver asked for',
  () =>
    withReceiver(async (receiver) => {
      const { id, patch } = await waiting(
        receiver,
        { retrySchedule: [3600] },
        { status: 503, headers: { 'retry-after': '5000' } },
      );
      expect(await dueIn(id)).toBeGreaterThan(4900);
      await patch({ retrySchedule: [2] });
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(await dueIn(id)).toBeGreaterThan(4900);
      expect(receiver.requests).toHaveLength(1);
    }),
);

it.concurrent(
  'a changed retry schedule holds for a notification that waits, and a manual retry after it begins the ladder where it was',
  () =>
    withReceiver(async (receiver) => {
      const { id, patch } = await waiting(receiver, { retrySchedule: [3600] }, [500, 500]);
      await patch({ retrySchedule: [3000, 2] });
      await service.must('POST', `/v1/notifications/${id}/retry`, {});
      await receiver.waitFor(3);
      expect(await service.reaches(id, 'delivered')).toMatchObject({ attemptCount: 3 });
    }),
);

it.concurrent('a changed retry schedule holds for many notifications within seconds, each attempted once', () =>
  withReceiver(async (receiver) => {
    receiver.answerWith(500);
    const customer = await onboard(service, receiver.url('/many'), { retrySchedule: [3600] });
    const ids = (await Promise.all(Array.from({ length: 150 }, () => customer.post({ data: {} })))).flat();
    const counts = async () => await service.must('GET', `/v1/subscriptions/${customer.subscriptionId}/statistics`);
    await until(counts, ({ failureResponses }) => failureResponses === ids.length);
    receiver.answerWith(200);
    await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, { retrySchedule: [1] });
    await until(counts, ({ successResponses }) => successResponses === ids.length);
    expect(receiver.requests).toHaveLength(2 * ids.length);
  }),
);

it.concurrent('a challenge uses the authentication that the subscription has then', () =>
  withReceiver(async (receiver) => {
    const customer = await onboard(service, receiver.url('/hook'), { headers: { 'X-Api-Key': 'old' } });
    await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, { headers: { 'X-Api-Key': 'new' } });
    receiver.answerWith(({ path, headers }) => {
      const token = new URL(path, 'http://receiver').searchParams.get('crc_token')!;
      if (headers['x-api-key'] !== 'new') return { status: 401 };
      return { status: 200, body: JSON.stringify({ response_token: challengeResponse(customer.secret, token) }) };
    });
    expect(await service.must('POST', `/v1/subscriptions/${customer.subscriptionId}/challenge`, {})).toMatchObject({
      status: 'verified',
    });
  }),
);

// The last one and alone: the setting is changed before the attempt is due.
it('a changed retry schedule holds for a notification that waits if it is longer', () =>
  withReceiver(async (receiver) => {
    const { id, patch } = await waiting(receiver, { retrySchedule: [SHORT_LADDER_SECONDS] });
    const { nextAttemptAt: before } = await get(id);
    await patch({ retrySchedule: [3600] });
    await until(
      () => get(id),
      ({ live, nextAttemptAt }) =>
        nextAttemptAt === live?.nextAttemptAt && Date.parse(nextAttemptAt) > Date.now() + 3e6,
    );
    expect(await dueIn(id)).toBeLessThan(3600 * 1.1);
    // The time at which it was due is over.
    await new Promise((resolve) => setTimeout(resolve, Date.parse(before) + 2000 - Date.now()));
    expect(receiver.requests).toHaveLength(1);
  }));
