import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { ActivityStream, type ActivityStreamOptions } from '../../../src/api/activity/activity-stream';
import { Problem } from '../../../src/domain/problems';
import { openDatabase } from '../../../src/store/db/database';
import { watch } from '../../support/activity';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { acceptOne, seed, type Seeded } from '../../support/seed';
import { until } from '../../support/until';

/** The stream's treatment of slow clients, of too many clients, and how it ends. */
const POLL_MS = 20;
let database: TestDatabase;
let seeded: Seeded;
let server: Server;
let stream: ActivityStream;
let url: string;
let allowed: boolean;

beforeAll(async () => {
  database = await createTestDatabase();
  seeded = await seed(database.db, { url: 'http://127.0.0.1:1/' });
});
afterAll(() => database?.drop());
beforeEach(() => (allowed = true));
afterEach(async () => {
  await stream.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(options: Partial<ActivityStreamOptions> = {}, db = database.db): Promise<void> {
  stream = new ActivityStream(db, pino({ level: 'silent' }), { pollMs: POLL_MS, ...options });
  server = createServer((request, response) => {
    const credentialId = String(request.headers['x-api-key']);
    const customerId = (request.headers['x-customer'] as string | undefined) ?? null;
    const tenant = String(request.headers['x-tenant'] ?? credentialId);
    const watch = {
      credentialId,
      tenant,
      customerId,
      scope: {},
      filter: {},
      includePayload: false,
      stillAllowed: async () => allowed,
    };
    stream.open(response, watch).catch((error) => {
      response.writeHead(error instanceof Problem ? error.status : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('an idle stream is kept open by comments, which carry a fresh position', async () => {
  await serve({ heartbeatMs: 30 });
  const watcher = await watch(url);
  await acceptOne(database.db, seeded);
  await watcher.waitFor(1);
  await until(
    async () => watcher.lastEventId,
    (id) => id !== watcher.events[0]!.id,
  );
  expect(watcher.comments).toContain('heartbeat');
  watcher.close();
});

it('a stream ends when its credential expires or is revoked', async () => {
  await serve({ heartbeatMs: 30 });
  const watcher = await watch(url);
  allowed = false;
  await until(
    async () => watcher.ended,
    (ended) => ended,
  );
});

it('streams are limited in total and per credential, and a closed stream frees its slot', async () => {
  await serve({ maxWatchers: 3, maxWatchersPerCredential: 2 });
  const first = [await watch(url, 'a'), await watch(url, 'a')];
  expect((await watch(url, 'a')).status).toBe(429);
  const third = await watch(url, 'b');
  expect(third.status).toBe(200);
  expect((await watch(url, 'c')).status).toBe(429);
  first[0]!.close();
  const again = await until(
    () => watch(url, 'c'),
    ({ status }) => status === 200,
  );
  for (const watcher of [...first, third, again]) watcher.close();
});

it("streams are limited per customer, over all of a customer's credentials", async () => {
  await serve({ maxWatchersPerCustomer: 2 });
  const open = (key: string, customer?: string) => watch(url, key, { customer });
  const watchers = [await open('a', 'one'), await open('b', 'one')];
  expect((await open('c', 'one')).status).toBe(429);
  watchers.push(await open('d', 'another'), await open('e'), await open('f'), await open('g'));
  expect(watchers.map(({ status }) => status)).toEqual(Array(6).fill(200));
  for (const watcher of watchers) watcher.close();
});

it('streams are divided by tenant, whatever its number of credentials', async () => {
  await serve({ maxWatchers: 4 });
  const open = (key: string, tenant: string) => watch(url, key, { tenant });
  const busy = [await open('a', 'busy'), await open('b', 'busy'), await open('c', 'busy')];
  expect(busy.map(({ status }) => status)).toEqual([200, 200, 429]);
  const quiet = await open('d', 'quiet');
  expect(quiet.status).toBe(200);
  busy[0]!.close();
  await until(
    () => open('e', 'busy'),
    ({ status }) => status === 200,
  ).then((again) => again.close());
  for (const watcher of [...busy, quiet]) watcher.close();
});

it('a client that stops reading is disconnected, and others are not affected', async () => {
  await serve();
  const [idle, reading] = [await watch(url), await watch(url)];
  idle.pause();
  let count = 0;
  // The buffers at both ends of the connection take several megabytes before anything waits here.
  while (server.listening && (await openConnections()) > 1 && count < 60_000) {
    await database.db.query({
      text: `insert into events (id, product_id, type, channels, occurred_at, data) select uuid_of_now(), $1, $2, '{}', now(), '{}' from generate_series(1, 1000)`,
      values: [seeded.productId, seeded.eventType],
    });
    count += 1000;
    await reading.waitFor(count);
  }
  expect(await openConnections()).toBe(1);
  expect(reading.ended).toBe(false);
  expect(new Set(reading.events.map(({ data }) => data.eventId)).size).toBe(count);
  reading.close();
});

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

it('a stream misses nothing when its connections to Postgres break', async () => {
  const db = openDatabase(`${database.url}?application_name=watched`, () => undefined);
  await serve({}, db);
  const watcher = await watch(url);
  const ids: string[] = [];
  for (let round = 0; round < 5; round++) {
    const id = `event-${round}`;
    ids.push(id);
    await acceptOne(database.db, seeded, { id });
    await database.db.query({
      text: "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'watched'",
    });
    await watcher.waitFor(round + 1);
  }
  expect(watcher.events.map(({ data }) => data.eventId)).toEqual(ids);
  watcher.close();
  await stream.close();
  await db.close();
});

it('nothing is read from Postgres without clients', async () => {
  let statements = 0;
  const counting = { query: (statement: never) => (statements++, database.db.query(statement)) };
  await serve({}, counting as never);
  const watcher = await watch(url);
  await until(
    async () => statements,
    (seen) => seen > 3,
  );
  watcher.close();
  await until(openConnections, (count) => count === 0);
  // A read in progress may end. While the stream polls, no ten polls pass without a statement.
  const isQuiet = async () => {
    const before = statements;
    await sleep(10 * POLL_MS);
    return statements === before;
  };
  await until(isQuiet, Boolean);
});

it('closing ends all streams, also those of stalled clients, and refuses new ones', async () => {
  await serve();
  const [watcher, idle] = [await watch(url), await watch(url)];
  idle.pause();
  await stream.close();
  await until(
    async () => watcher.ended,
    (ended) => ended,
  );
  const late = await watch(url);
  expect(late.status).toBe(200);
  await until(
    async () => late.ended,
    (ended) => ended,
  );
  await until(openConnections, (count) => count === 0);
});
