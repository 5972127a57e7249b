import { Webhook } from 'standardwebhooks';
import { ADMIN_KEY, onboard } from '../support/service';
import { signpost, type Ran } from '../support/cli';
import { startReceiver, type Receiver } from '../support/receiver';
import { useCluster } from '../support/cluster';
import { until } from '../support/until';

const cluster = useCluster();
let local: Receiver;
beforeEach(async () => {
  local = await startReceiver();
});
afterEach(() => local?.close());

/** Runs `listen` while `work` runs. */
async function listening(url: string, args: string[], work: () => Promise<void>): Promise<Ran> {
  const interruption = new AbortController();
  let err = '';
  const ran = signpost(url, ['listen', ...args, '--forward-to', local.url('/hooks'), '--json'], {
    env: { SIGNPOST_API_KEY: ADMIN_KEY },
    interrupted: interruption.signal,
    onErr: (text) => (err += text),
  });
  await until(
    async () => err,
    (text) => text.includes('listening'),
  );
  try {
    await work();
  } finally {
    interruption.abort();
  }
  return ran;
}

it('copies every attempt to the local URL, with a valid signature', async () => {
  const service = await cluster.start();
  const customer = await onboard(service, cluster.receiver.url('/'), {
    retrySchedule: [1],
    headers: { Authorization: 'Bearer of-the-receiver', 'X-Own': 'private' },
  });
  await customer.post({ data: { before: true } });
  await cluster.receiver.waitFor(1);
  cluster.receiver.answerWith([503, 204]);
  const ran = await listening(service.url, [customer.subscriptionId], async () => {
    await customer.post({ data: { amount: 125.5 } });
    await local.waitFor(2);
  });
  expect(ran.code).toBe(0);
  const [, ...sent] = cluster.receiver.requests;
  expect(local.requests.map(({ body }) => body)).toEqual(sent.map(({ body }) => body));
  expect(local.requests.map(({ headers }) => headers['signpost-attempt'])).toEqual(['1', '2']);
  for (const { method, path, headers, body } of local.requests) {
    // Attempts do not show the headers of a subscription.
    expect([method, path, headers['x-own'], headers.authorization]).toEqual(['POST', '/hooks', undefined, undefined]);
    expect(new Webhook(customer.secret).verify(body, headers as Record<string, string>)).toMatchObject({
      data: { amount: 125.5 },
    });
  }
});

it('copies a delivery once that --since and the stream both report', async () => {
  const service = await cluster.start();
  const customer = await onboard(service, cluster.receiver.url('/'));
  const posting = (async () => {
    for (let n = 0; n < 20; n++) await customer.post({ data: { n } });
  })();
  await listening(service.url, [customer.subscriptionId, '--since', '1h'], async () => {
    await posting;
    await local.waitFor(20);
    await customer.post({ data: { n: 20 } });
    await local.waitFor(21);
  });
  const numbers = local.requests.map(({ body }) => JSON.parse(body).data.n).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 21 }, (_, n) => n));
});

it('copies earlier deliveries with --since, and prints the response of the local URL', async () => {
  const service = await cluster.start();
  const customer = await onboard(service, cluster.receiver.url('/'));
  await cluster.reach(await customer.post(), 'delivered');
  local.answerWith(418);
  const ran = await listening(service.url, [customer.subscriptionId, '--since', '1h'], () => local.waitFor(1));
  expect(ran.json).toMatchObject({ answer: 'HTTP 418' });
});

it('reconnects while the service restarts, says so, and misses no attempt', async () => {
  const spare = await startReceiver();
  await spare.close();
  const service = await cluster.start({ env: { SIGNPOST_PORT: String(spare.port) } });
  const customer = await onboard(service, cluster.receiver.url('/'));
  const ran = await listening(service.url, [customer.subscriptionId], async () => {
    await customer.post({ data: { n: 1 } });
    await local.waitFor(1);
    await service.kill9();
    await cluster.start({ env: { SIGNPOST_PORT: String(spare.port) } });
    await customer.post({ data: { n: 2 } });
    await local.waitFor(2);
  });
  expect(ran.code).toBe(0);
  expect(local.requests.map(({ body }) => JSON.parse(body).data)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(ran.err.split('\n').slice(1)).toEqual([
    expect.stringMatching(/^no connection: .* \(reconnecting\)$/),
    expect.stringMatching(/^connected again after \d+ s$/),
    '',
  ]);
});

it('exits with 1 for an unknown subscription', async () => {
  const service = await cluster.start({ withoutReady: true });
  const ran = await signpost(service.url, ['listen', 'sub_nothing', '--forward-to', local.url()], {
    env: { SIGNPOST_API_KEY: ADMIN_KEY },
  });
  expect(ran.code).toBe(1);
});
