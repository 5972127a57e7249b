import { useCluster } from '../support/cluster';
import { onboard } from '../support/service';

const cluster = useCluster();

it('the answer of a handler reaches the producer, whether the API or a worker makes the attempt', async () => {
  const api = await cluster.start({ env: { SIGNPOST_ROLE: 'api' } });
  await cluster.start({ env: { SIGNPOST_ROLE: 'worker' } });
  const { receiver } = cluster;
  receiver.answerWith({ status: 200, body: '{"valid":false,"errors":["price"]}' });
  // An attempt with a long timeout is made by a worker.
  for (const timeoutSeconds of [15, 600]) {
    const { eventType, customerId } = await onboard(api, receiver.url(), { timeoutSeconds });
    const { status, body } = await api.call('POST', '/v1/events', {
      type: eventType,
      customerId,
      data: { draft: 'PR-1' },
      awaitResponse: 30,
    });
    expect({ timeoutSeconds, status, notifications: body.notifications }).toMatchObject({
      timeoutSeconds,
      status: 200,
      notifications: [{ lastResponse: { status: 200, body: '{"valid":false,"errors":["price"]}' } }],
    });
    const { notifications } = await api.must('GET', `/v1/events/${body.id}`);
    expect(notifications[0].lastResponse).toEqual(body.notifications[0].lastResponse);
  }
});

it('a call that waits is answered when its process stops', async () => {
  const api = await cluster.start({});
  const { receiver } = cluster;
  receiver.answerRaw(() => undefined);
  const { eventType, customerId } = await onboard(api, receiver.url(), { timeoutSeconds: 20 });
  const posted = api.call('POST', '/v1/events', { type: eventType, customerId, data: {}, awaitResponse: 30 });
  await receiver.waitFor(1);
  const started = performance.now();
  const stopped = api.stop();
  expect((await posted).status).toBe(202);
  // Before the attempt times out.
  expect(performance.now() - started).toBeLessThan(18_000);
  await stopped;
});
