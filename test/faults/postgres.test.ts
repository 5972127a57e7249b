import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startPostgres, type RunningPostgres } from '../../src/embedded/postgres';
import { openDatabase, type Database } from '../../src/store/db/database';
import { hangCommits } from '../support/hanging-commits';
import { useCluster } from '../support/cluster';
import { ADMIN_KEY, onboard, tempDir, type Answer, type ServiceProcess } from '../support/service';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { itInLongRuns } from '../support/variants';

/**
 * Postgres and the network to it fail in every way. The processes must outlive it. More is in
 * long/postgres.test.ts.
 */
const cluster = useCluster();

let proxy: TcpProxy | undefined;
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

/** Waits for the third commit that a process tries, and expects that the first two have ended. */
async function untilProbesRepeat(db: Database, ask: () => Promise<unknown>): Promise<void> {
  const probes = new Set<number>();
  await until(
    async () => {
      await ask();
      const { rows } = await db.query<{ pid: number }>({
        text: "select pid from pg_stat_activity where application_name = 'signpost-probe' and wait_event = 'SyncRep'",
      });
      expect(rows.length).toBeLessThanOrEqual(1);
      for (const { pid } of rows) probes.add(pid);
      return probes.size;
    },
    (count) => count === 3,
    SOON_MS * 2,
  );
}

/** 3 s of waiting and 5 s for a probe, in steps of 0.5 s, and time of a busy machine. */
const SOON_MS = 12_000;

type Customer = Awaited<ReturnType<typeof onboard>>;

/** Posts an event. @returns the answer, or undefined if there was none within `withinMs` */
async function post(
  service: ServiceProcess,
  { eventType: type, customerId }: Customer,
  { key, id, withinMs = 30_000 }: { key?: string; id?: string; withinMs?: number } = {},
): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${service.url}/v1/events`, {
      method: 'POST',
      headers: {
        'x-api-key': ADMIN_KEY,
        'content-type': 'application/json',
        ...(key ? { 'idempotency-key': key } : {}),
      },
      body: JSON.stringify({ type, customerId, id, data: {} }),
      signal: AbortSignal.timeout(withinMs),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') return undefined;
    throw error;
  }
}

/** Posts without a pause, every third time with an Idempotency-Key. @returns the accepted ids */
function keepPosting(service: ServiceProcess, customer: Customer) {
  let stopped = false;
  const statuses: number[] = [];
  const accepted: string[] = [];
  const loops = Array.from({ length: 4 }, async (_, loop) => {
    for (let index = 0; !stopped; index++) {
      const answer = await post(service, customer, index % 3 === 0 ? { key: `key-${loop}-${index}` } : {});
      statuses.push(answer?.status ?? 0);
      if (answer?.status === 202) accepted.push(...answer.body.notifications.map((each: { id: string }) => each.id));
      await service.call('GET', '/v1/overview');
      await sleep(20);
    }
  });
  return {
    statuses,
    async stop() {
      stopped = true;
      await Promise.all(loops);
      return accepted;
    },
  };
}

const isHealthy = async (service: ServiceProcess) => (await service.call('GET', '/healthz')).status === 200;
const readiness = async (service: ServiceProcess) => (await service.call('GET', '/readyz')).body;

it('all backends terminated again and again: the process lives, and what was accepted is delivered once', async () => {
  const { receiver, database } = cluster;
  const service = await cluster.start();
  const customer = await onboard(service, receiver.url());
  const posting = keepPosting(service, customer);
  const met = () => [202, 503].every((status) => posting.statuses.includes(status));
  for (let times = 0; times < 12 || !met(); times++) {
    await sleep(250);
    await database.db.query({
      text: `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and application_name like 'signpost%'`,
    });
  }
  const accepted = await posting.stop();
  expect(await isHealthy(service)).toBe(true);
  expect(new Set(posting.statuses)).toEqual(new Set([202, 503]));
  await cluster.reach(accepted, 'delivered');
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(ids).toHaveLength(new Set(ids).size);
});

itInLongRuns(
  'the backend of a call that waits for a lock is terminated: the call is a 503, and the process lives',
  async () => {
    const { db } = cluster.database;
    const service = await cluster.start();
    await db.transaction(async (executor) => {
      await executor.query({ text: 'lock table audit in exclusive mode' });
      const call = service.call('POST', '/v1/products', { id: 'waits', name: 'P' });
      await until(
        () =>
          db.query({
            text: `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
          }),
        ({ rows }) => rows.length > 0,
      );
      expect(await call).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
    });
    expect(await isHealthy(service)).toBe(true);
  },
);

itInLongRuns('a frozen process with open transactions stops the events of nobody else', async () => {
  const { receiver } = cluster;
  const [frozen, other] = [await cluster.start(), await cluster.start()];
  const customer = await onboard(frozen, receiver.url());
  const neighbour = await onboard(other, receiver.url());
  const posting = keepPosting(frozen, customer);
  await sleep(1000);
  process.kill(frozen.pid, 'SIGSTOP');
  for (let times = 0; times < 3; times++)
    expect(await post(other, neighbour, { withinMs: 5000 })).toMatchObject({ status: 202 });
  // Its own customer waits until Postgres ends the transactions that were left open.
  await until(
    () => post(other, customer, { withinMs: 10_000 }),
    (answer) => answer?.status === 202,
  );
  process.kill(frozen.pid, 'SIGCONT');
  await posting.stop();
  expect(await isHealthy(frozen)).toBe(true);
});

it('a network that goes silent: posts end with an answer, and new connections take over', async () => {
  const { receiver, database } = cluster;
  proxy = await startTcpProxy(database.url);
  const service = await cluster.start({ databaseUrl: proxy.url });
  const customer = await onboard(service, receiver.url());
  await Promise.all(Array.from({ length: 10 }, () => customer.post()));
  proxy.freeze();
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, index) => post(service, customer, { id: `silent-${index}`, withinMs: 20_000 })),
  );
  expect(answers.map((answer) => answer?.status)).not.toContain(undefined);
  const refused = answers.filter((answer) => answer?.status === 503);
  for (const answer of refused) expect(answer!.body.detail).toContain('may have taken effect');
  expect(await post(service, customer)).toMatchObject({ status: 202 });
  await until(
    () => readiness(service),
    ({ status }) => status === 'ready',
  );
});

it('an answer lost at the commit is not called a failure, and the same id is not accepted twice', async () => {
  const { receiver, database } = cluster;
  proxy = await startTcpProxy(database.url);
  const service = await cluster.start({ databaseUrl: proxy.url });
  const customer = await onboard(service, receiver.url());
  // The statement needs a connection that is there and idle.
  await cluster.reach(await customer.post(), 'delivered');
  await sleep(500);
  proxy.loseAnswers();
  const plain = post(service, customer, { id: 'lost' });
  await until(
    () => database.db.query({ text: "select from event_keys where given_id = 'lost'" }),
    ({ rows }) => rows.length === 1,
  );
  proxy.cut();
  expect(await plain).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
  expect((await plain)!.body.detail).toContain('may have taken effect');
  // The first one may meet a connection whose end is not noticed yet.
  const repeated = await until(
    () => post(service, customer, { id: 'lost' }),
    (answer) => answer?.status !== 503,
  );
  expect(repeated).toMatchObject({ body: { duplicate: true } });
});

describe('with a separate Postgres', () => {
  let directory: string;
  let postgres: RunningPostgres;
  let db: Database;

  beforeEach(async () => {
    directory = tempDir();
    postgres = await startPostgres({ directory, port: 0 });
    db = openDatabase(postgres.url, () => undefined);
  });
  afterEach(async () => {
    await db.close();
    await postgres.stop();
  });
  const restart = async () => {
    postgres = await startPostgres({ directory, port: postgres.port });
  };

  itInLongRuns.each([1, 3])(
    'crashed and restarted under load, %i times: the process lives, and each attempt is made once',
    async (crashes) => {
      const { receiver } = cluster;
      const service = await cluster.start({ databaseUrl: postgres.url });
      const customer = await onboard(service, receiver.url());
      const posting = keepPosting(service, customer);
      for (let times = 0; times < crashes; times++) {
        await sleep(500);
        // SIGQUIT is an immediate shutdown: Postgres recovers from it as from a crash.
        process.kill(postgres.pid, 'SIGQUIT');
        await sleep(1000);
        await restart();
      }
      await until(
        () => readiness(service),
        ({ postgres: state }) => state === 'ok',
      );
      const accepted = await posting.stop();
      expect(await isHealthy(service)).toBe(true);
      expect(new Set(posting.statuses)).toEqual(new Set([202, 503]));
      for (const id of accepted)
        await until(
          () => service.call('GET', `/v1/notifications/${id}`),
          ({ body }) => body?.status === 'delivered',
          60_000,
        );
      const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
      expect(ids).toHaveLength(new Set(ids).size);
    },
  );

  it('a standby takes no events and is not ready, until it is promoted', async () => {
    const service = await cluster.start({ databaseUrl: postgres.url });
    const customer = await onboard(service, cluster.receiver.url());
    await postgres.stop();
    writeFileSync(path.join(directory, 'data', 'standby.signal'), '');
    await restart();
    for (const key of [undefined, 'key'])
      expect(await post(service, customer, { key })).toMatchObject({
        status: 503,
        body: { code: 'database-unavailable' },
      });
    expect(await readiness(service)).toMatchObject({ status: 'not-ready', postgres: 'unreachable' });
    expect(await isHealthy(service)).toBe(true);
    await db.query({ text: 'select pg_promote()' });
    expect(await post(service, customer)).toMatchObject({ status: 202 });
    expect(await readiness(service)).toMatchObject({ status: 'ready' });
  });

  it('commits hang while statements are answered: what writes is 503 soon, lists go on, and nothing is done twice', async () => {
    const { receiver } = cluster;
    const service = await cluster.start({ databaseUrl: postgres.url });
    const customer = await onboard(service, receiver.url());
    const goOn = await hangCommits(postgres.url, db);
    const path = `/v1/subscriptions/${customer.subscriptionId}`;
    const round = () =>
      Promise.all([
        post(service, customer, { id: 'hung', withinMs: SOON_MS }),
        post(service, customer, { id: 'hung-keyed', key: 'hung', withinMs: SOON_MS }),
        service.call('PATCH', path, { name: 'renamed' }),
        service.call('PATCH', `/v1/customers/${customer.customerId}`, { name: 'Renamed' }),
      ]);
    const startedAt = performance.now();
    for (const answer of await round())
      expect(answer).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
    expect(await readiness(service)).toMatchObject({ status: 'not-ready', postgres: 'unreachable' });
    expect(await service.call('GET', '/v1/notifications')).toMatchObject({ status: 200 });
    const refusedAt = performance.now();
    for (const answer of await round()) expect(answer!.body.detail).toContain('Nothing was changed');
    expect(performance.now() - refusedAt).toBeLessThan(1000);
    await untilProbesRepeat(db, () => readiness(service));
    await goOn();
    await until(
      () => readiness(service),
      ({ status }) => status === 'ready',
    );
    const [first, keyed] = await round();
    const ids = [first, keyed].flatMap((answer) => answer!.body.notifications.map((each: { id: string }) => each.id));
    await cluster.makeOverdue(db);
    for (const id of ids)
      await until(
        () => service.call('GET', `/v1/notifications/${id}`),
        ({ body }) => body.status === 'delivered',
      );
    expect(receiver.requests).toHaveLength(2);
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  itInLongRuns('a commit that no standby confirms is not answered as accepted', async () => {
    const service = await cluster.start({ databaseUrl: postgres.url });
    const customer = await onboard(service, cluster.receiver.url());
    const goOn = await hangCommits(postgres.url, db);
    const waiting = "select pid from pg_stat_activity where wait_event = 'SyncRep' and query not like '%overdue%'";
    for (const [end, key] of [
      ['pg_cancel_backend', undefined],
      ['pg_terminate_backend', undefined],
      ['pg_cancel_backend', 'keyed'],
    ] as const) {
      const id = `${end}-${key}`;
      const answer = post(service, customer, { id, key });
      // Others of the service commit as well, so it goes on until the post is answered.
      const answered = answer.then(() => true);
      await until(
        async () => {
          await db.query({ text: `select ${end}(pid) from (${waiting}) as w` });
          return Promise.race([answered, sleep(50, false)]);
        },
        (is) => is,
      );
      expect(await answer).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
      expect((await answer)!.body.detail).toContain('may have taken effect');
    }
    await goOn();
    const repeated = await until(
      () => post(service, customer, { id: 'pg_cancel_backend-undefined' }),
      (answer) => answer?.status !== 503,
    );
    expect(repeated).toMatchObject({ body: { duplicate: true } });
    expect(await isHealthy(service)).toBe(true);
  });
});
