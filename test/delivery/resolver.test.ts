import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { LookupAddress } from 'node:dns';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient } from '../../src/delivery/http-client';
import { createResolver, type Resolver, type ResolverOptions } from '../../src/delivery/resolver';
import { countLookups } from '../../src/delivery/resolver-metrics';
import { startNameServer, type NameAnswer, type NameServer } from '../support/name-server';
import { useReceiver } from '../support/receiver';
import { until } from '../support/until';

let directory: string;
let hosts: string;
let resolvConf: string;
let server: NameServer;
const resolvers: Resolver[] = [];

beforeEach(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'signpost-names-'));
  hosts = path.join(directory, 'hosts');
  resolvConf = path.join(directory, 'resolv.conf');
  server = await startNameServer({});
});
afterEach(async () => {
  for (const resolver of resolvers.splice(0)) resolver.close();
  await server.close();
  rmSync(directory, { recursive: true });
});

function create(options: ResolverOptions = {}): Resolver {
  const resolver = createResolver({ servers: [server.address], hosts, resolvConf, ...options });
  resolvers.push(resolver);
  return resolver;
}

function lookUp(resolver: Resolver, hostname: string, customerId?: string): Promise<string[]> {
  return new Promise((resolve, reject) =>
    resolver.resolve(
      hostname,
      (error, addresses: LookupAddress[]) => (error ? reject(error) : resolve(addresses.map(({ address }) => address))),
      customerId,
    ),
  );
}

const messageOf = (resolver: Resolver, hostname: string, customerId?: string) =>
  lookUp(resolver, hostname, customerId).then(String, (error: Error) => error.message);

/**
 * Begins look-ups that get no answer, and fail after about 4 s.
 *
 * @returns how many have failed
 */
function hang(resolver: Resolver, count: number, customerId?: string, prefix = 'h'): () => number {
  let failed = 0;
  for (let i = 0; i < count; i++) void messageOf(resolver, `${prefix}${i}.hang.test`, customerId).then(() => failed++);
  return () => failed;
}

describe('answers of the resolver', () => {
  it.each<[string, NameAnswer, string[]]>([
    ['IPv4 addresses', { a: ['192.0.2.1', '192.0.2.2'] }, ['192.0.2.1', '192.0.2.2']],
    ['an IPv6 address', { aaaa: ['2001:db8::1'] }, ['2001:db8::1']],
    ['addresses of both families', { a: ['192.0.2.1'], aaaa: ['2001:db8::1'] }, ['192.0.2.1', '2001:db8::1']],
    ['the addresses behind a CNAME', { cname: 'edge.test', a: ['192.0.2.7'] }, ['192.0.2.7']],
    ['an answer that needs TCP', { a: ['192.0.2.1'], truncated: true }, ['192.0.2.1']],
  ])('finds %s', async (_what, answer, addresses) => {
    server.answers.set('receiver.test', answer);
    expect((await lookUp(create(), 'receiver.test')).sort()).toEqual(addresses);
  });

  it('asks over TCP after a truncated answer', async () => {
    server.answers.set('large.test', { a: ['192.0.2.1'], truncated: true });
    await lookUp(create(), 'large.test');
    expect(server.tcpQueries).toBeGreaterThan(0);
  });

  it('accepts an underscore and upper case in a name', async () => {
    server.answers.set('my_service.test', { a: ['192.0.2.1'] });
    await expect(lookUp(create(), 'MY_service.test')).resolves.toEqual(['192.0.2.1']);
  });

  it.each<['A' | 'AAAA', string]>([
    ['AAAA', '192.0.2.1'],
    ['A', '2001:db8::1'],
  ])('does not wait for %s queries that get no answer', async (silent, address) => {
    server.answers.set('half.test', { a: ['192.0.2.1'], aaaa: ['2001:db8::1'], silent: [silent] });
    const resolver = create();
    const failed = hang(resolver, 1);
    await expect(lookUp(resolver, 'half.test')).resolves.toEqual([address]);
    expect(failed()).toBe(0);
  });

  it.each<[string, NameAnswer | undefined, string]>([
    ['a name that does not exist', undefined, 'the host name does not resolve (ENOTFOUND)'],
    ['a name without addresses', {}, 'the host name does not resolve (ENODATA)'],
    ['an alias of a name without addresses', { cname: 'edge.test' }, 'the host name does not resolve (ENODATA)'],
    ['a server failure', 'servfail', 'the host name does not resolve (ESERVFAIL)'],
  ])('reports %s', async (_what, answer, message) => {
    if (answer) server.answers.set('bad.test', answer);
    await expect(messageOf(create(), 'bad.test')).resolves.toBe(message);
  });

  it('gives up a name server that does not answer after about 4 s', async () => {
    const startedAt = performance.now();
    await expect(messageOf(create(), 'one.hang.test')).resolves.toBe('the name servers did not answer (ETIMEOUT)');
    const ms = performance.now() - startedAt;
    expect(ms).toBeGreaterThan(1500);
    expect(ms).toBeLessThan(10_000);
  });
});

describe('the cache of the resolver', () => {
  const queriesOf = (name: string) => server.queries.filter((query) => query === `A ${name}`).length;

  it('asks once for concurrent requests of the same name', async () => {
    server.answers.set('shared.test', { a: ['192.0.2.1'], delayMs: 100 });
    const resolver = create();
    const results = await Promise.all(['c1', 'c2', 'c3'].map((customer) => lookUp(resolver, 'shared.test', customer)));
    expect(results).toEqual([['192.0.2.1'], ['192.0.2.1'], ['192.0.2.1']]);
    expect(queriesOf('shared.test')).toBe(1);
  });

  it('keeps an answer for its TTL', async () => {
    server.answers.set('ttl.test', { a: ['192.0.2.1'], ttlSeconds: 2 });
    const resolver = create();
    const begun = performance.now();
    await lookUp(resolver, 'ttl.test');
    server.answers.set('ttl.test', { a: ['192.0.2.2'], ttlSeconds: 2 });
    await until(
      () => lookUp(resolver, 'ttl.test'),
      ([address]) => address === '192.0.2.2',
    );
    expect(performance.now() - begun).toBeGreaterThanOrEqual(2000);
  });

  it('keeps an answer with TTL 0 for one second', async () => {
    server.answers.set('zero.test', { a: ['192.0.2.1'], ttlSeconds: 0 });
    const resolver = create();
    await lookUp(resolver, 'zero.test');
    await lookUp(resolver, 'zero.test');
    expect(queriesOf('zero.test')).toBe(1);
    await delay(1100);
    await lookUp(resolver, 'zero.test');
    expect(queriesOf('zero.test')).toBe(2);
  });

  it('keeps a failure for a few seconds', async () => {
    const resolver = create();
    await messageOf(resolver, 'new.test');
    server.answers.set('new.test', { a: ['192.0.2.1'] });
    await expect(messageOf(resolver, 'new.test')).resolves.toContain('ENOTFOUND');
    expect(queriesOf('new.test')).toBe(1);
    await delay(5100);
    await expect(lookUp(resolver, 'new.test')).resolves.toEqual(['192.0.2.1']);
  });
});

describe('names that hang', () => {
  it('does not delay another name while 8 names get no answer', async () => {
    server.answers.set('good.test', { a: ['192.0.2.1'] });
    const resolver = create();
    const failed = hang(resolver, 8);
    await expect(lookUp(resolver, 'good.test')).resolves.toEqual(['192.0.2.1']);
    expect(failed()).toBe(0);
  });

  it('bounds the look-ups of a customer and leaves those of others alone', async () => {
    server.answers.set('good.test', { a: ['192.0.2.1'] });
    const resolver = create({ perCustomer: 4 });
    const failed = hang(resolver, 50, 'noisy');
    expect(resolver.inUse).toBe(4);
    expect(resolver.waiting).toBe(46);
    await lookUp(resolver, 'good.test', 'quiet');
    expect(failed()).toBe(0);
  });

  it('gives the next free slot to the customer with the fewest look-ups', async () => {
    server.answers.set('good.test', { a: ['192.0.2.1'] });
    server.answers.set('slow.test', { a: ['192.0.2.2'], delayMs: 300 });
    const resolver = create({ total: 4, perCustomer: 4 });
    const failed = hang(resolver, 3, 'noisy');
    void lookUp(resolver, 'slow.test', 'noisy');
    hang(resolver, 20, 'noisy', 'more');
    await lookUp(resolver, 'good.test', 'quiet');
    expect(failed()).toBe(0);
  });

  it("starts a name that waits in another customer's line for a customer that has room", async () => {
    server.answers.set('shared.test', { a: ['192.0.2.1'] });
    const resolver = create({ perCustomer: 2 });
    const failed = hang(resolver, 2, 'noisy');
    const waiting = lookUp(resolver, 'shared.test', 'noisy');
    await lookUp(resolver, 'shared.test', 'quiet');
    expect(failed()).toBe(0);
    await expect(waiting).resolves.toEqual(['192.0.2.1']);
  });

  it('ends a look-up that waits for more than 5 s', async () => {
    const resolver = create({ perCustomer: 1 });
    hang(resolver, 4, 'noisy');
    await expect(messageOf(resolver, 'last.hang.test', 'noisy')).resolves.toBe(
      'the name look-up waited too long for other look-ups of the customer',
    );
  });

  it('refuses a look-up when too many of the customer wait, and shows the bounds as metrics', async () => {
    const registry = new Registry();
    const lookups = countLookups(registry);
    const resolver = create({ perCustomer: 2, onRefused: lookups.refused });
    lookups.observe(resolver);
    hang(resolver, 202, 'noisy');
    await expect(messageOf(resolver, 'x.hang.test', 'noisy')).resolves.toBe(
      'too many name look-ups of the customer are waiting',
    );
    const metrics = await registry.metrics();
    expect(metrics).toContain('signpost_dns_lookups 2\n');
    expect(metrics).toContain('signpost_dns_lookups_waiting 200\n');
    expect(metrics).toContain('signpost_dns_lookups_refused_total 1\n');
  });

  it('ends all look-ups when it is closed', async () => {
    const resolver = create({ perCustomer: 1 });
    const results = [messageOf(resolver, 'a.hang.test'), messageOf(resolver, 'b.hang.test')];
    resolver.close();
    const result = await Promise.all([...results, messageOf(resolver, 'c.hang.test')]);
    expect(new Set(result)).toEqual(new Set(['the resolver is closed']));
  });
});

describe('local names', () => {
  it('uses the hosts file before the name server, and reads it again after a change', async () => {
    server.answers.set('printer.test', { a: ['192.0.2.9'] });
    writeFileSync(hosts, '# local\n192.0.2.1 printer.test Printer # first\n2001:db8::1\tprinter.test\nbad line\n');
    const resolver = create();
    await expect(lookUp(resolver, 'printer.test')).resolves.toEqual(['192.0.2.1', '2001:db8::1']);
    await expect(lookUp(resolver, 'printer')).resolves.toEqual(['192.0.2.1']);
    writeFileSync(hosts, '192.0.2.22 printer.test\n');
    await delay(1100);
    await expect(lookUp(resolver, 'printer.test')).resolves.toEqual(['192.0.2.22']);
    rmSync(hosts);
    await delay(1100);
    await expect(lookUp(resolver, 'printer.test')).resolves.toEqual(['192.0.2.9']);
  });

  it.each(['localhost', 'LOCALHOST.', 'app.localhost'])(
    'resolves %s to loopback without a name server',
    async (name) => {
      await expect(lookUp(create(), name)).resolves.toEqual(['127.0.0.1', '::1']);
      expect(server.queries).toEqual([]);
    },
  );

  it.each([
    ['a short name in the search domains first', 'hooks', ['hooks.team.test', 'hooks.test', 'hooks']],
    ['a name with too few dots like a short one', 'a.b', ['a.b.team.test', 'a.b.test', 'a.b']],
    ['a name with enough dots as it is first', 'a.b.c', ['a.b.c', 'a.b.c.team.test', 'a.b.c.test']],
    ['a name with a trailing dot only as it is', 'hooks.', ['hooks']],
  ])('searches %s', async (_what, name, candidates) => {
    writeFileSync(resolvConf, 'nameserver 192.0.2.53\nsearch team.test test\noptions timeout:1 ndots:2\n');
    await messageOf(create(), name);
    expect(server.queries.filter((query) => query.startsWith('A '))).toEqual(candidates.map((each) => `A ${each}`));
  });
});

describe('deliveries to names', () => {
  const receiver = useReceiver();
  const send = (client: ReturnType<typeof createHttpClient>, host: string, timeoutMs: number) =>
    client.send({ url: `http://${host}:${receiver.port}/`, method: 'POST', headers: {}, timeoutMs, customerId: 'c1' });

  it('reaches a healthy name while 8 names hang, which fail as dns', async () => {
    server.answers.set('good.test', { a: ['127.0.0.1'] });
    const client = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8'], create().resolve) });
    let failed = 0;
    const hanging = Array.from({ length: 8 }, (_, i) =>
      send(client, `h${i}.hang.test`, i % 2 ? 1000 : 15_000).finally(() => (failed += i % 2 ? 0 : 1)),
    );
    expect((await send(client, 'good.test', 15_000)).error).toBeNull();
    expect(failed).toBe(0);
    const errors = (await Promise.all(hanging)).map(({ error }) => error!);
    expect(new Set(errors.map((error) => error.class))).toEqual(new Set(['dns']));
    expect(errors[1]!.message).toBe('the name servers did not answer within 1 s');
    expect(errors[0]!.message).toBe('the name servers did not answer (ETIMEOUT)');
    await client.close();
  });

  it('counts look-ups against the customer of the request', async () => {
    const resolver = create({ perCustomer: 1 });
    const client = createHttpClient({ guard: createAddressGuard([], resolver.resolve) });
    const sent = [send(client, 'a.hang.test', 2000), send(client, 'b.hang.test', 2000)];
    await until(
      async () => [resolver.inUse, resolver.waiting],
      ([inUse, waiting]) => inUse === 1 && waiting === 1,
    );
    await Promise.all(sent);
    await client.close();
  });

  it('closes without waiting for look-ups', async () => {
    const resolver = create();
    const client = createHttpClient({ guard: createAddressGuard([], resolver.resolve) });
    const sent = send(client, 'a.hang.test', 15_000);
    await delay(50);
    resolver.close();
    await client.close();
    expect((await sent).error?.class).toBe('internal');
  });

  it('does not connect to a name with a refused address in its answer', async () => {
    server.answers.set('mixed.test', { a: ['10.0.0.1', '127.0.0.1'], aaaa: ['fd00::1'] });
    const client = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8'], create().resolve) });
    expect((await send(client, 'mixed.test', 5000)).error?.class).toBe('blocked');
    server.answers.set('inside.test', { a: ['10.0.0.1'], aaaa: ['fd00::1'] });
    expect((await send(client, 'inside.test', 5000)).error?.class).toBe('blocked');
    await client.close();
  });
});
