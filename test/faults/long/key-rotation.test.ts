import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { encodeId, newUuid } from '../../../src/domain/ids';
import { createSealer } from '../../../src/store/db/crypto';
import { countSealed } from '../../../src/store/rotation/reseal';
import { useCluster } from '../../support/cluster';
import { ADMIN_KEY, onboard, runToEnd, type ServiceProcess } from '../../support/service';
import { until } from '../../support/until';

/** The master key is rotated as docs/operators/key-rotation.md says, while events are delivered. */
const cluster = useCluster();
const OLD = randomBytes(32);
const NEW = randomBytes(32);
const base64 = (key: Buffer) => key.toString('base64');
const envOf = (current: Buffer, previous?: Buffer) => ({
  SIGNPOST_MASTER_KEY: base64(current),
  ...(previous ? { SIGNPOST_MASTER_KEY_PREVIOUS: base64(previous) } : {}),
});
const CLI = path.join(__dirname, '..', '..', '..', 'dist', 'cli', 'main.js');
const FILLERS = 3000;

/** A run of the built command line. */
function signpost(args: string[], env: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: cluster.database.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = { out: '', err: '', kill: () => child.kill('SIGKILL'), ended: Promise.resolve<number | null>(null) };
  child.stdout!.on('data', (chunk: Buffer) => (run.out += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (run.err += chunk.toString()));
  run.ended = new Promise((resolve) => child.once('close', resolve));
  return run;
}

/** Adds subscriptions whose secrets the old key sealed, so that a rotation takes some seconds. */
async function addFillers(customerId: string): Promise<void> {
  const sealer = createSealer(OLD);
  const ids = Array.from({ length: FILLERS }, () => newUuid());
  await cluster.database.db.query({
    text: `insert into subscriptions (id, customer_id, name, url, url_approved, event_types, event_type_regex, timeout_seconds, enabled)
           select id, $2, id::text, 'http://127.0.0.1:1/', true, '{none.v1}', '^$', 5, false from unnest($1::uuid[]) as id`,
    values: [ids, customerId],
  });
  await cluster.database.db.query({
    text: 'insert into subscription_secrets (id, subscription_id, ciphertext, key_id) select gen_random_uuid(), * from unnest($1::uuid[], $2::bytea[]), (values ($3)) as k',
    values: [ids, ids.map((id) => sealer.seal('filler', encodeId('sub', id)).ciphertext), sealer.keyId],
  });
}

type Customer = Awaited<ReturnType<typeof onboard>>;

/** Posts to whichever service is current, with and without `Idempotency-Key`. */
function keepPosting(service: ServiceProcess, customers: Customer[]) {
  const state = { service, stopped: false, accepted: 0, statuses: new Set() };
  const ended = (async () => {
    for (let n = 0; !state.stopped; n++) {
      const { eventType: type, customerId } = customers[n % customers.length]!;
      const response = await fetch(`${state.service.url}/v1/events`, {
        method: 'POST',
        headers: {
          'x-api-key': ADMIN_KEY,
          'content-type': 'application/json',
          ...(n % 3 ? {} : { 'idempotency-key': `${n}` }),
        },
        body: JSON.stringify({ type, customerId, data: { n } }),
      });
      state.statuses.add(response.status);
      if (response.status === 202) state.accepted += 1;
      await sleep(20);
    }
  })();
  return Object.assign(state, { ended });
}

const leftOf = async (key: Buffer) => {
  const { keyId } = createSealer(key);
  const counts = await countSealed(cluster.database.db);
  return counts.reduce((sum, count) => sum + (count.keyId === keyId ? count.values : 0), 0);
};

it('rotates the master key in a cluster under load: every signature is valid, also after kill -9 and with two runs', async () => {
  const { receiver } = cluster;
  const onlyOld = await cluster.start({ env: envOf(OLD) });
  const customers = [await onboard(onlyOld, receiver.url('/0'), { auth: { type: 'bearer', token: 'sealed-token' } })];
  await addFillers(customers[0]!.customerId);
  const load = keepPosting(onlyOld, customers);

  // Step 1: every process opens what either key sealed.
  const knowsBoth = await cluster.start({ env: envOf(OLD, NEW) });
  load.service = knowsBoth;
  expect(await onlyOld.stop()).toBe(0);

  // Step 2: the new key seals, beside a process that still seals with the old one.
  const sealsNew = await cluster.start({ env: envOf(NEW, OLD) });
  customers.push(await onboard(sealsNew, receiver.url('/1')));
  await sleep(500);
  const waiting = signpost(['keys', 'rotate'], envOf(NEW, OLD));
  load.service = sealsNew;
  await until(
    async () => waiting.err,
    (err) => err.includes('waiting: a process sealed with the previous master key'),
  );
  expect(await leftOf(OLD)).toBeGreaterThan(FILLERS);
  expect(await knowsBoth.stop()).toBe(0);

  // Step 3: the rotation is killed half-way, and then runs twice at the same time.
  const left = await until(
    () => leftOf(OLD),
    (values) => values < FILLERS - 200,
    60_000,
  );
  waiting.kill();
  await waiting.ended;
  expect(left).toBeGreaterThan(0);
  expect(waiting.err).toMatch(new RegExp(`^\\d+ of ${FILLERS + 2}$`, 'm'));
  const runs = [signpost(['keys', 'rotate', '--json'], envOf(NEW, OLD)), signpost(['keys', 'rotate'], envOf(NEW, OLD))];
  expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual([0, 0]);
  expect(JSON.parse(runs[0]!.out)).toMatchObject({ left: 0, unreadable: [], removableAt: expect.any(String) });
  expect(runs[1]!.out).toMatch(/Remove SIGNPOST_MASTER_KEY_PREVIOUS after \S+Z\./);
  expect(await leftOf(OLD)).toBe(0);

  // Step 4: the previous key is gone.
  const onlyNew = await cluster.start({ env: envOf(NEW) });
  load.service = onlyNew;
  expect(await sealsNew.stop()).toBe(0);
  await sleep(500);
  load.stopped = true;
  await load.ended;
  expect([...load.statuses]).toEqual([202]);
  await until(
    async () => new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size,
    (size) => size === load.accepted,
  );
  const { rows } = await cluster.database.db.query({ text: 'select from attempts where error_class is not null' });
  expect(rows).toHaveLength(0);
  for (const { path: to, body, headers } of receiver.requests) {
    const secret = customers[Number(to.slice(1))]!.secret;
    new Webhook(secret).verify(body, headers as Record<string, string>);
    if (to === '/0') expect(headers.authorization).toBe('Bearer sealed-token');
  }
  const refused = await runToEnd({
    DATABASE_URL: cluster.database.url,
    TEMPORAL_ADDRESS: cluster.temporal.address,
    SIGNPOST_ADMIN_KEY: ADMIN_KEY,
    ...envOf(OLD),
  });
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('is not the key of this database')]);
}, 300_000);

it('shows which key sealed how many values, and refuses a start and a rotation with a wrong previous key', async () => {
  await onboard(await cluster.start({ env: envOf(OLD) }), cluster.receiver.url());
  const shown = signpost(['keys', 'show', '--json'], envOf(NEW, OLD));
  expect(await shown.ended).toBe(0);
  expect(JSON.parse(shown.out)).toMatchObject({
    keyId: createSealer(NEW).keyId,
    previousKeyId: createSealer(OLD).keyId,
    keys: [{ keyId: createSealer(OLD).keyId, values: 1, retiredAt: null }],
    values: [{ place: 'secrets', keyId: createSealer(OLD).keyId, values: 1 }],
  });
  const text = signpost(['keys', 'show'], envOf(OLD));
  expect(await text.ended).toBe(0);
  expect(text.out).toMatch(new RegExp(`^${createSealer(OLD).keyId}  current +1 `, 'm'));
  for (const key of [OLD, NEW]) expect(shown.out + text.out).not.toContain(base64(key));

  const wrong = envOf(NEW, randomBytes(32));
  const { code, output } = await runToEnd({
    DATABASE_URL: cluster.database.url,
    TEMPORAL_ADDRESS: cluster.temporal.address,
    SIGNPOST_ADMIN_KEY: ADMIN_KEY,
    ...wrong,
  });
  expect([code, output]).toEqual([1, expect.stringContaining('SIGNPOST_MASTER_KEY is not the key of this database')]);
  const rotation = signpost(['keys', 'rotate'], wrong);
  expect(await rotation.ended).toBe(2);
  expect(rotation.err).toContain(`sealed with master key ${createSealer(OLD).keyId}`);
  expect(await leftOf(OLD)).toBeGreaterThan(0);
  expect(await leftOf(NEW)).toBe(0);
});
