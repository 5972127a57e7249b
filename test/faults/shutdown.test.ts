import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { useCluster } from '../support/cluster';
import { freePort } from '../support/bare-temporal';
import { ADMIN_KEY, onboard, type ServiceProcess } from '../support/service';
import { startTcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { itInLongRuns, variants } from '../support/variants';

/** What a process does between SIGTERM and its exit, whatever hangs. */
const cluster = useCluster();
const GRACE = { SIGNPOST_SHUTDOWN_GRACE_SECONDS: '5' };
/** Twice what it takes, and less than any of the waits that must not be waited for. */
const SECONDS_TO_EXIT = 20;

/** @returns the exit code and how long it took, in seconds */
async function stop(service: ServiceProcess): Promise<{ code: number | null; seconds: number }> {
  const since = Date.now();
  const code = await service.stop();
  return { code, seconds: (Date.now() - since) / 1000 };
}
const never = () => new Promise<never>(() => undefined);

/** The two ways in which Temporal is absent. */
const SILENT = 'accepts connections and never answers';
const NOTHING = 'was never reached';

it.each(variants(['all', SILENT], ['all', NOTHING], ['worker', NOTHING], ['api', NOTHING]))(
  'the role %s exits in time if Temporal %s',
  async (role, what) => {
    const silent = net.createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const port = what === SILENT ? (silent.address() as AddressInfo).port : await freePort();
    const env = { ...GRACE, SIGNPOST_ROLE: role! };
    const service = await cluster.start({ temporalAddress: `127.0.0.1:${port}`, env, withoutReady: true });
    const { code, seconds } = await stop(service);
    silent.close();
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(SECONDS_TO_EXIT);
  },
);

it('goes on, and stops cleanly, if nobody reads its output any more', async () => {
  const { receiver } = cluster;
  const service = await cluster.start({ env: { ...GRACE, SIGNPOST_LOG_LEVEL: 'debug' } });
  const customer = await onboard(service, receiver.url());
  service.closeOutput();
  await customer.post();
  await receiver.waitFor(1);
  expect((await stop(service)).code).toBe(0);
});

it('exits in time while Postgres and Temporal hang, with an attempt that cannot be recorded', async () => {
  const { receiver, database, temporal } = cluster;
  const networks = [await startTcpProxy(database.url), await startTcpProxy(`tcp://${temporal.address}`)] as const;
  const [postgres, frontend] = networks;
  const temporalAddress = `127.0.0.1:${frontend.port}`;
  const service = await cluster.start({ databaseUrl: postgres.url, temporalAddress, env: GRACE });
  const customer = await onboard(service, receiver.url(), { timeoutSeconds: 5 });
  let answer: () => void = () => undefined;
  receiver.answerWith(() => new Promise((resolve) => (answer = () => resolve({ status: 200 }))));
  await customer.post();
  await receiver.waitFor(1);
  for (const network of networks) network.hang();
  answer();
  await sleep(500);
  const { code, seconds } = await stop(service);
  for (const network of networks) await network.stop();
  expect(code).toBe(0);
  expect(seconds).toBeLessThan(SECONDS_TO_EXIT);
});

const AWAY = ['Temporal hangs', 'nothing hangs'] as const;

it.each(variants(...AWAY))(
  'records at the end of the grace period what it cuts off, and another process makes those attempts without costing a try (%s)',
  async (what) => {
    const { receiver, database, temporal } = cluster;
    const network = await startTcpProxy(`tcp://${temporal.address}`);
    const service = await cluster.start({ temporalAddress: `127.0.0.1:${network.port}`, env: GRACE });
    // A head start, which has no other try; a retry in the fast lane; an attempt in the slow lane.
    const cut = [
      await onboard(service, receiver.url('/first'), { retrySchedule: [], timeoutSeconds: 15 }),
      await onboard(service, receiver.url('/retry'), { retrySchedule: [1], timeoutSeconds: 15 }),
      await onboard(service, receiver.url('/slow'), { retrySchedule: [], timeoutSeconds: 60 }),
    ];
    const answered = await onboard(service, receiver.url('/answered'), { retrySchedule: [] });
    const requestsTo = (url: string) => receiver.requests.filter(({ path }) => path === url).length;
    let answer: () => void = () => undefined;
    let isBack = false;
    receiver.answerWith(async ({ path }) => {
      if (isBack) return { status: 200 };
      if (path === '/answered') await new Promise<void>((resolve) => (answer = resolve));
      else if (path !== '/retry' || requestsTo(path) > 1) await never();
      return { status: path === '/retry' ? 500 : 200 };
    });
    const ids: string[] = [];
    for (const customer of cut) ids.push(...(await customer.post()));
    await receiver.waitFor(4);
    const last = await answered.post();
    await receiver.waitFor(5);
    if (what === 'Temporal hangs') network.hang();
    const stopping = stop(service);
    await sleep(2000);
    answer();
    const { code, seconds } = await stopping;
    await network.stop();
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(SECONDS_TO_EXIT);

    const attempts = async () => {
      const { rows } = await database.db.query<{
        url: string;
        numbers: number[];
        errors: string[];
        statuses: number[];
      }>({
        text: `select request_url as url, array_agg(number order by number) as numbers,
                   array_agg(error_message order by number) as errors, array_agg(response_status order by number) as statuses
                 from attempts group by request_url`,
      });
      return Object.fromEntries(rows.map(({ url, ...each }) => [new URL(url).pathname, each]));
    };
    const CUT = expect.stringContaining('shut down');
    expect(await attempts()).toEqual({
      '/first': { numbers: [1], errors: [CUT], statuses: [null] },
      '/retry': { numbers: [1, 2], errors: ['HTTP 500', CUT], statuses: [500, null] },
      '/slow': { numbers: [1], errors: [CUT], statuses: [null] },
      '/answered': { numbers: [1], errors: [null], statuses: [200] },
    });
    expect(await cluster.statuses(last)).toEqual(['delivered']);
    // The receivers did not fail.
    const { rows } = await database.db.query({
      text: 'select sum(failures)::int as failures from subscription_attempt_statistics',
    });
    expect(rows).toEqual([{ failures: 1 }]);

    isBack = true;
    await cluster.start({ env: GRACE });
    await cluster.reach([...ids, ...last], 'delivered');
    expect(await attempts()).toMatchObject({
      '/first': { numbers: [1, 2], statuses: [null, 200] },
      '/retry': { numbers: [1, 2, 3], statuses: [500, null, 200] },
      '/slow': { numbers: [1, 2], statuses: [null, 200] },
      '/answered': { numbers: [1], statuses: [200] },
    });
    expect(receiver.requests).toHaveLength(8);
    await cluster.expectAgreement([...ids, ...last]);
  },
  180_000,
);

itInLongRuns.each([30, 5])(
  'exits in time while receivers with a timeout of %i s hang, and another process makes the attempts again',
  async (timeoutSeconds) => {
    const { receiver } = cluster;
    const service = await cluster.start({ env: GRACE });
    const customer = await onboard(service, receiver.url(), { timeoutSeconds });
    receiver.answerWith(never);
    const ids: string[] = [];
    for (let posted = 0; posted < 20; posted++) ids.push(...(await customer.post()));
    await receiver.waitFor(5);
    const { code, seconds } = await stop(service);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(SECONDS_TO_EXIT);
    expect(service.output()).not.toContain('Cannot use a pool');
    receiver.answerWith(200);
    await cluster.start({ env: GRACE });
    await cluster.reach(ids, 'delivered');
  },
);

itInLongRuns('claims of first attempts that wait are released, and another process makes them', async () => {
  const { receiver, database } = cluster;
  const [api, other] = [
    // Long enough for the attempts under way, which would keep their claims.
    await cluster.start({ env: { SIGNPOST_SHUTDOWN_GRACE_SECONDS: '40', SIGNPOST_ROLE: 'api' } }),
    await cluster.start({ env: GRACE }),
  ];
  const customer = await onboard(api, receiver.url());
  receiver.answerWith(async () => (await sleep(1500), { status: 200 }));
  const events = Array.from({ length: 100 }, () => ({
    type: customer.eventType,
    customerId: customer.customerId,
    data: {},
  }));
  for (let batch = 0; batch < 3; batch++) await api.must('POST', '/v1/events/batch', { events });
  // The process that accepted them, which makes the first attempts.
  const { rows } = await database.db.query<{ claimedBy: string }>({
    text: `select claimed_by as "claimedBy" from notifications
           where claimed_until > now() group by claimed_by order by count(*) desc limit 1`,
  });
  const { claimedBy } = rows[0]!;
  await receiver.waitFor(1);
  const claims = async () => {
    const text = "select from notifications where claimed_by = $1 and claimed_until > now() and status = 'pending'";
    return (await database.db.query({ text, values: [claimedBy] })).rowCount;
  };
  expect(await claims()).toBeGreaterThan(0);
  await stop(api);
  // They would lapse much later.
  expect(await claims()).toBe(0);
  await until(
    async () => receiver.requests.length,
    (count) => count >= 300,
    120_000,
  );
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(300);
  expect(receiver.requests).toHaveLength(300);
  expect((await other.call('GET', '/healthz')).status).toBe(200);
});

it('readiness fails first, while posts are still accepted and delivered', async () => {
  const { receiver } = cluster;
  // While requests come, a process goes on for up to 5 s if its grace period is long enough.
  const service = await cluster.start({ env: { SIGNPOST_SHUTDOWN_GRACE_SECONDS: '40' } });
  const customer = await onboard(service, receiver.url());
  const ids: string[] = [];
  const stopped = service.stop();
  await until(
    async () => {
      ids.push(...(await customer.post()));
      return service.call('GET', '/readyz');
    },
    ({ status }) => status === 503,
  );
  expect((await service.call('GET', '/healthz')).status).toBe(200);
  const last = await customer.post();
  expect(await stopped).toBe(0);
  expect(await cluster.statuses([...ids, ...last])).toEqual([...ids, ...last].map(() => 'delivered'));
});

/**
 * A proxy that does with its upstreams what nginx does by default: it takes turns, keeps
 * connections open, tries the other one if it cannot connect, and answers 502 if a connection
 * breaks after the request was sent.
 */
async function startProxy(ports: number[], keepAlive: boolean) {
  let turn = 0;
  const agents = new Map(ports.map((port) => [port, new http.Agent({ keepAlive, maxFreeSockets: 32 })]));
  const seen = { bad: [] as string[] };
  const forward = (port: number, request: http.IncomingMessage, body: Buffer) =>
    new Promise<{ status: number; body: Buffer } | 'refused'>((resolve) => {
      const { method, url, headers } = request;
      const upstream = http.request({ port, agent: agents.get(port), method, path: url, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }));
        response.on(
          'error',
          (error) => (seen.bad.push(String(error)), resolve({ status: 502, body: Buffer.alloc(0) })),
        );
      });
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') return resolve('refused');
        seen.bad.push(`${error.code} ${upstream.reusedSocket ? 'on an open' : 'on a new'} connection`);
        resolve({ status: 502, body: Buffer.alloc(0) });
      });
      upstream.end(body);
    });
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const first = turn++ % ports.length;
      const order = [...ports.slice(first), ...ports.slice(0, first)];
      void (async () => {
        for (const port of order) {
          const answer = await forward(port, request, Buffer.concat(chunks));
          if (answer === 'refused') continue;
          return void response.writeHead(answer.status).end(answer.body);
        }
        seen.bad.push('all refused');
        response.writeHead(502).end();
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close() {
      server.closeAllConnections();
      server.close();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

it.each(variants(true, false))(
  'a rolling restart of two APIs under load breaks no request of a proxy (keeps connections open: %s)',
  async (keepAlive) => {
    const ports = [await freePort(), await freePort()];
    const startAt = (port: number) =>
      cluster.start({ env: { ...GRACE, SIGNPOST_ROLE: 'api', SIGNPOST_PORT: String(port) } });
    const apis = [await startAt(ports[0]!), await startAt(ports[1]!)];
    await cluster.start({ env: { SIGNPOST_ROLE: 'worker' } });
    const customer = await onboard(apis[0]!, cluster.receiver.url());
    const proxy = await startProxy(ports, keepAlive);
    const agent = new http.Agent({ keepAlive: true });
    const counts = new Map<number, number>();
    let loading = true;
    const post = () =>
      new Promise<number>((resolve, reject) => {
        const request = http.request(
          `${proxy.url}/v1/events`,
          { method: 'POST', agent, headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' } },
          (response) => response.resume().on('end', () => resolve(response.statusCode!)),
        );
        request.on('error', reject);
        request.end(JSON.stringify({ type: customer.eventType, customerId: customer.customerId, data: {} }));
      });
    const loops = Array.from({ length: 16 }, async () => {
      while (loading) {
        const status = await post();
        counts.set(status, (counts.get(status) ?? 0) + 1);
        await sleep(20);
      }
    });
    for (const [index, port] of ports.entries()) {
      await sleep(1000);
      expect(await apis[index]!.stop()).toBe(0);
      apis[index] = await startAt(port);
    }
    await sleep(1000);
    loading = false;
    await Promise.all(loops);
    agent.destroy();
    proxy.close();
    expect(proxy.seen.bad).toEqual([]);
    expect([...counts.keys()]).toEqual([202]);
    const posted = counts.get(202)!;
    await until(
      async () => new Set(cluster.receiver.requests.map(({ headers }) => headers['webhook-id'])).size,
      (count) => count === posted,
      60_000,
    );
  },
);
