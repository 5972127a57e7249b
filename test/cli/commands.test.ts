import { startTestApi, type TestApi } from '../support/api';
import { signpost, type RunOptions } from '../support/cli';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const run = (args: string[], options?: RunOptions) => signpost(api.url, args, options);

/** Runs a command that must succeed. @returns the parsed result */
async function must(...args: string[]) {
  const ran = await run([...args, '--json']);
  expect({ code: ran.code, err: ran.err }).toEqual({ code: 0, err: '' });
  return ran.json;
}

it('sets up a product, a customer and a subscription, and sends an event', async () => {
  await must('products', 'create', '--id', 'payments', '--name', 'Payments');
  expect(await must('products', 'enable', 'payments')).toMatchObject({ id: 'payments', enabled: true });
  await api.must('PUT', '/v1/event-types/payment.confirmed.v1', { productId: 'payments' });
  await must('customers', 'create', '--id', 'c1', '--name', 'C', '--product', 'payments', '--retry-schedule', '5,10');
  const subscription = await must(
    ...['subscriptions', 'create', '--customer', 'c1', '--name', 'main', '--endpoint', 'http://127.0.0.1:1/hook'],
    ...['--types', 'payment.*.v1', '--header', 'X-One: 1', '--header', 'X-Two: 2: 2', '--channel', 'client_7,client_8'],
    ...['--timeout-seconds', '3', '--retry-schedule', 'none'],
  );
  expect(subscription).toMatchObject({
    customerId: 'c1',
    eventTypes: ['payment.*.v1'],
    headers: { 'X-One': '1', 'X-Two': '2: 2' },
    channels: ['client_7', 'client_8'],
    timeoutSeconds: 3,
    retrySchedule: [],
    secret: expect.stringMatching(/^whsec_/),
  });
  const sent = await must(
    ...['events', 'send', 'payment.confirmed.v1', '--customer', 'c1', '--channel', 'client_7', '--id', 'e-1'],
    ...['--data', '{"amount":1}', '--user', '{"id":"u"}', '--timestamp', '2026-01-31T12:00:00Z'],
  );
  expect(sent).toMatchObject({ id: 'e-1', duplicate: false, notifications: [{ subscriptionId: subscription.id }] });
  expect(await must('events', 'show', 'e-1')).toMatchObject({ data: { amount: 1 }, user: { id: 'u' } });
});

it('accepts the name of a retry schedule', async () => {
  const growing = await must('customers', 'update', 'c1', '--retry-schedule', 'growing');
  expect(growing).toMatchObject({ retrySchedule: [300, 900, 3600, 14400, 43200] });
  expect(await must('customers', 'update', 'c1', '--retry-schedule', 'none')).toMatchObject({ retrySchedule: [] });
  expect((await run(['customers', 'update', 'c1', '--retry-schedule', 'often'])).code).toBe(2);
});

it('creates a subscription by the name of a retry schedule with its out-of-order rule', async () => {
  const create = (name: string, schedule: string) =>
    must(
      ...[
        'subscriptions',
        'create',
        '--customer',
        'c1',
        '--name',
        name,
        '--endpoint',
        'http://127.0.0.1:9/hook',
        '--types',
        'other.*',
      ],
      ...['--retry-schedule', schedule],
    );
  const retrySchedule = [300, 900, 3600, 14_400, 43_200];
  expect(await create('by name', 'growing')).toMatchObject({
    retrySchedule,
    outOfOrderRule: { afterSeconds: 62_400, minFailures: 6 },
  });
  expect(await create('by numbers', retrySchedule.join())).toMatchObject({
    retrySchedule,
    outOfOrderRule: { afterSeconds: 432_000, minFailures: 10 },
  });
});

it('reads the data of an event from standard input', async () => {
  const { code, json } = await run(
    ['events', 'send', 'payment.confirmed.v1', '--customer', 'c1', '--data', '-', '--json'],
    {
      stdin: '{"from":"stdin"}',
    },
  );
  expect(code).toBe(0);
  expect(await must('events', 'show', json.id)).toMatchObject({ data: { from: 'stdin' } });
});

it('lists, shows, cancels and retries notifications', async () => {
  const { items } = await must('notifications', 'list', '--customer', 'c1', '--since', '1h');
  expect(items).toHaveLength(1);
  const { id } = items[0];
  expect(await must('notifications', 'show', id)).toMatchObject({ id, attempts: [] });
  await must('notifications', 'cancel', id);
  expect(api.cancelled).toEqual([id]);
  expect(await must('notifications', 'retry', id)).toMatchObject({ id });
  expect(api.retried).toEqual([id]);
  expect((await must('notifications', 'list', '--status', 'failed')).items).toEqual([]);
});

it('enables, disables and deletes subscriptions, and reveals, rotates and links their secrets', async () => {
  const { id, secret } = await must(
    ...['subscriptions', 'create', '--customer', 'c1', '--name', 'other', '--endpoint', 'http://127.0.0.1:1/'],
    ...['--types', '*', '--disabled'],
  );
  expect((await must('subscriptions', 'list', '--status', 'disabled')).items).toMatchObject([{ id }]);
  expect(await must('subscriptions', 'enable', id)).toMatchObject({ status: 'enabled' });
  expect(await must('subscriptions', 'disable', id)).toMatchObject({ status: 'disabled' });
  expect((await run(['subscriptions', 'secret', id])).out).toBe(`${secret}\n`);
  expect((await must('subscriptions', 'rotate', id, '--overlap-seconds', '60')).secret).not.toBe(secret);
  const link = await run(['subscriptions', 'secret-link', id, '--expires-in-seconds', '60']);
  expect(link.out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/secret#[\w-]{43}\n$/);
  await must('subscriptions', 'delete', id);
  expect((await run(['subscriptions', 'show', id])).code).toBe(1);
});

it('exits with 1 and prints the reason if a challenge fails', async () => {
  const { items } = await must('subscriptions', 'list');
  const ran = await run(['subscriptions', 'challenge', items[0].id]);
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/^failed after \d+ ms: .+/);
});

it('creates, lists and revokes API keys, and prints only the key to standard output', async () => {
  const ran = await run(['keys', 'create', '--name', 'service', '--role', 'product', '--product', 'payments']);
  expect(ran.out).toMatch(/^spk_\S+\n$/);
  const key = ran.out.trim();
  const asProduct = { env: { SIGNPOST_API_KEY: key } };
  expect((await run(['customers', 'list'], asProduct)).code).toBe(0);
  const { items } = await must('keys', 'list');
  await must('keys', 'revoke', items[0].id);
  expect(await run(['customers', 'list'], asProduct)).toMatchObject({ code: 4 });
});

it('reads a long list page by page, up to the limit', async () => {
  for (let n = 0; n < 205; n += 1) await api.must('POST', '/v1/customers', { id: `many-${n}`, name: 'Many' });
  const all = await must('customers', 'list', '--limit', '1000');
  expect(all.items).toHaveLength(206);
  expect(all.nextCursor).toBeNull();
  const some = await must('customers', 'list', '--limit', '203');
  expect(some.items).toHaveLength(203);
  expect(some.nextCursor).not.toBeNull();
});

it('prints aligned columns without --json', async () => {
  const { out } = await run(['products', 'list']);
  expect(out).toBe(
    "ID        NAME                   SEGMENT  ENABLED\nsignpost  Signpost's own events  -        true\npayments  Payments               -        true\n",
  );
});

it('escapes control characters, so that stored text cannot control the terminal', async () => {
  await must('products', 'create', '--id', 'evil', '--name', 'a\u001b[2Jb');
  const { out } = await run(['products', 'show', 'evil']);
  expect(out).toContain('a\\x1b[2Jb');
});
