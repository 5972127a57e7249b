import { startTestApi, type TestApi } from '../support/api';
import { signpost } from '../support/cli';
import { until } from '../support/until';

/** The commands for URLs, portal links, OAuth clients, keys and activity, with the real API. */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
  await api.must('PUT', '/v1/event-types/paid.v1', { productId: 'p' });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId: 'p' });
});
afterAll(() => api?.stop());

const run = (...args: string[]) => signpost(api.url, args);
const json = async (...args: string[]) => {
  const ran = await run(...args, '--json');
  expect(ran).toMatchObject({ code: 0, err: '' });
  return ran.json;
};

it('a product requests a URL, an admin lists and approves it, and its subscription is enabled', async () => {
  const { key } = await json('keys', 'create', '--name', 'p', '--role', 'product', '--product', 'p');
  const asProduct = ['--key', key as string];
  const { id: subscription, status } = await json(
    ...['subscriptions', 'create', '--customer', 'c', '--name', 'main', '--types', 'paid.v1'],
    ...['--endpoint', 'https://c.example/hooks', ...asProduct],
  );
  expect(status).toBe('awaiting-approval');
  const requested = await run('allow-list', 'add', 'https://c.example', '--customer', 'c', ...asProduct);
  expect(requested.out).toMatch(/^url_\w+ {2}requested {2}https:\/\/c\.example\n$/);
  const { items } = await json('allow-list', 'list', '--status', 'requested');
  expect((await run('allow-list', 'list')).out).toContain('https://c.example');
  expect(await json('allow-list', 'approve', items[0].id)).toMatchObject({ status: 'approved' });
  expect(await json('subscriptions', 'show', subscription)).toMatchObject({ status: 'enabled' });
  const changed = await json(
    'subscriptions',
    'update',
    subscription,
    '--endpoint',
    'https://c.example/new',
    '--method',
    'PUT',
  );
  expect(changed).toMatchObject({ url: 'https://c.example/new', method: 'PUT', name: 'main', eventTypes: ['paid.v1'] });
  expect((await run('allow-list', 'remove', items[0].id)).out).toBe(`${items[0].id} removed\n`);
  expect(await json('subscriptions', 'show', subscription)).toMatchObject({ status: 'awaiting-approval' });
});

it('creates, shows, replaces and deletes the key pair of a subscription', async () => {
  const { id } = await json(
    ...[
      'subscriptions',
      'create',
      '--customer',
      'c',
      '--name',
      'keys',
      '--types',
      '*',
      '--endpoint',
      'https://k.example',
    ],
  );
  const { out: first } = await run('subscriptions', 'signing-key', 'create', id);
  expect(first).toMatch(/^whpk_\S+\n$/);
  expect((await run('subscriptions', 'signing-key', 'show', id)).out).toBe(first);
  const replaced = await run('subscriptions', 'signing-key', 'create', id);
  expect(replaced.out).not.toBe(first);
  expect(replaced.err).toContain(`The previous key ${first.trim()} also signs until `);
  expect((await run('subscriptions', 'signing-key', 'delete', id)).code).toBe(0);
  expect((await run('subscriptions', 'signing-key', 'show', id)).code).toBe(1);
});

it('prints a portal link alone on standard output, lists it and ends it', async () => {
  const linked = await run('portal', 'link', 'c', '--once', '--return-url', 'https://c.example');
  expect(linked.out).toMatch(/^https?:\/\/\S+#\S+\n$/);
  const { items } = await json('portal', 'list', '--customer', 'c');
  expect(items).toMatchObject([{ customerId: 'c', once: true, returnUrl: 'https://c.example/' }]);
  await json('portal', 'end', items[0].id);
  expect((await json('portal', 'list')).items).toEqual([]);
});

it('prints the secret of an OAuth client alone on standard output, rotates and revokes it', async () => {
  const created = await run('oauth-clients', 'create', '--name', 'ledger', '--role', 'product', '--product', 'p');
  const id = created.err.split(' ')[0]!;
  expect(created.out).toMatch(/^\S+\n$/);
  const rotated = await run('oauth-clients', 'rotate', id);
  expect(rotated.out).toMatch(/^\S+\n$/);
  expect(rotated.out).not.toBe(created.out);
  expect((await run('oauth-clients', 'list')).out).toContain('ledger');
  expect((await run('oauth-clients', 'revoke', id)).out).toBe(`${id} revoked\n`);
  expect((await json('oauth-clients', 'list')).items[0].revokedAt).not.toBeNull();
});

it('prints activity as it happens until it is interrupted', async () => {
  const interruption = new AbortController();
  let out = '';
  const tail = signpost(api.url, ['activity', 'tail', '--customer', 'c', '--json'], {
    interrupted: interruption.signal,
    onOut: (text) => (out += text),
  });
  await until(
    async () => {
      await api.must('POST', '/v1/events', { type: 'paid.v1', customerId: 'c', data: {} });
      return out;
    },
    (printed) => printed.includes('event.accepted'),
  );
  interruption.abort();
  expect(await tail).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(out.split('\n')[0]!)).toMatchObject({ kind: 'event.accepted', type: 'paid.v1', customerId: 'c' });
});

it('ends `activity tail` with the problem if the filter or the credential is refused', async () => {
  expect(await run('activity', 'tail', '--type', 'a b')).toMatchObject({ code: 1, out: '' });
  expect(await run('activity', 'tail', '--key', 'spk_nobody')).toMatchObject({ code: 4, out: '' });
  expect(await signpost('http://127.0.0.1:1', ['activity', 'tail'])).toMatchObject({ code: 3, out: '' });
});
