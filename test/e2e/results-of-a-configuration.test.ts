import { setTimeout as sleep } from 'node:timers/promises';
import { withReceiver, type Receiver } from '../support/receiver';
import { onboard } from '../support/service';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/**
 * Results belong to the configuration that produced them. The tests wait for receivers and ladders,
 * so they run at the same time.
 */
const service = useService();

const subscription = (id: string) => service.must('GET', `/v1/subscriptions/${id}`);

/** Withholds answers, so that the subscription is changed during the attempts. */
function withhold(status: number) {
  const send: (() => void)[] = [];
  return {
    answer: () => new Promise<{ status: number }>((resolve) => send.push(() => resolve({ status }))),
    /** Sends the answers that are withheld. */
    release: () => send.forEach((one) => one()),
  };
}
/** The longest timeout of the fast lane: enough to change the subscription during an attempt. */
const PATIENT = { timeoutSeconds: 15 };

const CHANGES = [
  ['the URL', (receiver: Receiver) => ({ url: receiver.url('/replacement') })],
  ['the authentication', () => ({ auth: { type: 'basic', username: 'u', password: 'p' } })],
  ['the headers', () => ({ headers: { 'X-Api-Key': 'k' } })],
] as const;

it.concurrent.each(CHANGES)(
  'a response that arrives after a change of %s does not disable the subscription by a 410',
  (_what, change) =>
    withReceiver(async (receiver) => {
      const gone = withhold(410);
      receiver.answerWith([gone.answer, 200]);
      const customer = await onboard(service, receiver.url(), { ...PATIENT, retrySchedule: [1] });
      const [first] = await customer.post({ data: {} });
      await receiver.waitFor(1);
      await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, change(receiver));
      gone.release();
      expect(await service.reaches(first!, 'delivered')).toMatchObject({ attemptCount: 2 });
      expect(await subscription(customer.subscriptionId)).toMatchObject({ status: 'enabled', outOfOrder: null });
      const [next] = await customer.post({ data: {} });
      await service.reaches(next!, 'delivered');
    }),
);

it.concurrent.each(CHANGES)(
  'a response that arrives after a change of %s does not count for the out-of-order rule',
  (_what, change) =>
    withReceiver(async (receiver) => {
      const failing = withhold(500);
      receiver.answerWith([...Array.from({ length: 4 }, () => failing.answer), 200]);
      const customer = await onboard(service, receiver.url(), {
        ...PATIENT,
        retrySchedule: [1],
        outOfOrderRule: { afterSeconds: 0, minFailures: 3 },
      });
      const ids = (await Promise.all(Array.from({ length: 4 }, () => customer.post({ data: {} })))).flat();
      await receiver.waitFor(4);
      await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, change(receiver));
      failing.release();
      for (const id of ids) await service.reaches(id, 'delivered');
      expect(await subscription(customer.subscriptionId)).toMatchObject({ status: 'enabled' });
    }),
);

it.concurrent('a 410 that arrives after the subscription was enabled does not disable it again', () =>
  withReceiver(async (receiver) => {
    const gone = withhold(410);
    receiver.answerWith([gone.answer, 200]);
    const customer = await onboard(service, receiver.url(), { ...PATIENT, retrySchedule: [1] });
    const [first] = await customer.post({ data: {} });
    await receiver.waitFor(1);
    await service.must('POST', `/v1/subscriptions/${customer.subscriptionId}/disable`, {});
    await service.must('POST', `/v1/subscriptions/${customer.subscriptionId}/enable`, {});
    gone.release();
    await service.reaches(first!, 'delivered');
    expect(await subscription(customer.subscriptionId)).toMatchObject({ status: 'enabled' });
  }),
);

/** Out of order after three failures. */
async function outOfOrder(receiver: Receiver) {
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), {
    outOfOrderRule: { afterSeconds: 0, minFailures: 3 },
    retrySchedule: [1, 1, 1],
  });
  const [first] = await customer.post({ data: {} });
  const isOut = () =>
    until(
      () => subscription(customer.subscriptionId),
      ({ status }) => status === 'out-of-order',
    );
  await isOut();
  return { customer, first: first!, isOut };
}
const enable = (id: string) => service.must('POST', `/v1/subscriptions/${id}/enable`, {});

it.concurrent('the out-of-order rule begins to count again when the subscription is enabled', () =>
  withReceiver(async (receiver) => {
    const { customer, first } = await outOfOrder(receiver);
    const before = receiver.requests.length;
    receiver.answerWith([500, 200]);
    await enable(customer.subscriptionId);
    await receiver.waitFor(before + 1);
    const [second] = await customer.post({ data: {} });
    await service.reaches(second!, 'delivered');
    expect(await subscription(customer.subscriptionId)).toMatchObject({ status: 'enabled' });
    expect((await service.must('GET', `/v1/notifications/${first}`)).status).not.toBe('held');
  }),
);

it.concurrent('the out-of-order rule counts the failures after it was enabled again', () =>
  withReceiver(async (receiver) => {
    const { customer, isOut } = await outOfOrder(receiver);
    await enable(customer.subscriptionId);
    await customer.post({ data: {} });
    const { outOfOrder: shown } = await isOut();
    expect(shown.reason).toMatch(/^3 failures/);
  }),
);

it.concurrent('the out-of-order rule is not reset by a change that has nothing to do with the receiver', () =>
  withReceiver(async (receiver) => {
    receiver.answerWith(500);
    const customer = await onboard(service, receiver.url(), {
      outOfOrderRule: { afterSeconds: 0, minFailures: 4 },
      retrySchedule: [1, 1, 1],
    });
    await customer.post({ data: {} });
    for (let requests = 1; requests <= 4; requests++) {
      await receiver.waitFor(requests);
      await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, { description: `${requests}` });
    }
    await until(
      () => subscription(customer.subscriptionId),
      ({ status }) => status === 'out-of-order',
    );
  }),
);

it.concurrent('an attempt that outlasts a time limit is made once', () =>
  withReceiver(async (receiver) => {
    receiver.answerWith([
      500,
      async () => {
        await sleep(35_000);
        return { status: 200 };
      },
    ]);
    const customer = await onboard(service, receiver.url(), { timeoutSeconds: 15, retrySchedule: [3600, 60, 60] });
    const [id] = await customer.post({ data: {} });
    await service.reaches(id!, 'retrying');
    await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, {
      timeoutSeconds: 300,
      retrySchedule: [1, 60, 60],
    });
    await until(
      () => service.must('GET', `/v1/notifications/${id}`),
      ({ status }) => status === 'delivered',
      120_000,
    );
    expect(receiver.requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2']);
  }),
);
