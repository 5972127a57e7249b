import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startPostgres, type RunningPostgres } from '../../src/embedded/postgres';
import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import { fromSetup } from '../support/environment';
import { seededRandom } from '../support/random';
import { startReceiver, type Receiver } from '../support/receiver';
import { ADMIN_KEY, onboard, startService, tempDir, type ServiceProcess } from '../support/service';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { verdictOf, type Fault } from '../support/verdict';

/**
 * Several processes under load, and a fault every few seconds, chosen by the seed. Then everything
 * works again, and the counts must agree: nothing is lost, and nothing is sent twice without a
 * crash.
 */
const SECONDS = Number(process.env.SIGNPOST_STORM_SECONDS ?? 12);
const EVENTS_PER_SECOND = 25;
const FAULT_EVERY_MS = 2500;
const FAULT_MS = 2500;
/** Time for the reconciler to find what the last fault left open. */
const SETTLE_MS = 180_000;
const RETRY_SCHEDULE = [2, 2, 2, 4, 8];

const random = seededRandom();
const portOf = ({ address }: { address: string }) => Number(address.split(':')[1]);

let postgres: RunningPostgres;
let temporal: RunningTemporal;
let networks: { postgres: TcpProxy; temporal: TcpProxy };
let receiver: Receiver;
let apis: ServiceProcess[] = [];
let workers: ServiceProcess[] = [];
const postgresDir = tempDir();
const temporalDir = tempDir();

beforeAll(async () => {
  postgres = await startPostgres({ directory: postgresDir, port: 0 });
  temporal = await startTemporal(fromSetup('temporalCli'), temporalDir, 0);
  networks = {
    postgres: await startTcpProxy(() => postgres.url),
    temporal: await startTcpProxy(() => `tcp://${temporal.address}`),
  };
  receiver = await startReceiver();
  // The first one migrates.
  const first = await startRole('api');
  const [second, ...others] = await Promise.all(['api', 'worker', 'worker'].map(startRole));
  apis = [first, second!];
  workers = others;
}, 300_000);
afterAll(async () => {
  for (const service of [...apis, ...workers]) await service.kill9();
  await receiver?.close();
  for (const network of Object.values(networks ?? {})) await network.stop();
  await temporal?.stop();
  await postgres?.stop();
}, 60_000);

function startRole(role: string): Promise<ServiceProcess> {
  return startService({
    databaseUrl: networks.postgres.url,
    temporalAddress: `127.0.0.1:${networks.temporal.port}`,
    env: { SIGNPOST_ROLE: role, SIGNPOST_LOG_LEVEL: 'error' },
    withoutReady: true,
  });
}

async function admin(text: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(text).catch(() => undefined);
  await client.end().catch(() => undefined);
}

/** Kills a process and starts another one in its place. */
async function kill(services: ServiceProcess[], role: string): Promise<void> {
  const index = Math.floor(random() * services.length);
  await services[index]!.kill9();
  services[index] = await startRole(role);
}

const readOnly = (value: string) =>
  admin(`alter system set default_transaction_read_only = ${value}`).then(() => admin('select pg_reload_conf()'));

const FAULTS: Record<string, () => Promise<void>> = {
  'an API process is killed': () => kill(apis, 'api'),
  'a worker process is killed': () => kill(workers, 'worker'),
  async 'Postgres crashes'() {
    process.kill(postgres.pid, 'SIGQUIT');
    await sleep(500);
    postgres = await startPostgres({ directory: postgresDir, port: postgres.port });
  },
  async 'Postgres ends all sessions'() {
    await admin('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');
  },
  async 'Postgres is read-only'() {
    await readOnly('on');
    await sleep(FAULT_MS);
    // Writing this setting is no transaction, so a read-only server takes it.
    await readOnly('off');
  },
  async 'the network to Postgres is cut'() {
    networks.postgres.cut();
  },
  async 'the network to Postgres hangs'() {
    networks.postgres.hang();
    await sleep(FAULT_MS);
    networks.postgres.restore();
  },
  async 'the network to Postgres is slow'() {
    networks.postgres.slow(250);
    await sleep(FAULT_MS);
    networks.postgres.restore();
  },
  async 'answers of Postgres are lost'() {
    networks.postgres.loseAnswers();
    await sleep(500);
    networks.postgres.cut();
  },
  async 'Temporal is restarted'() {
    const port = portOf(temporal);
    await temporal.stop();
    temporal = await startTemporal(fromSetup('temporalCli'), temporalDir, port);
  },
  async 'answers of Temporal are lost after it acted'() {
    networks.temporal.loseAnswers();
    await sleep(500);
    networks.temporal.cut();
  },
  async 'the network to Temporal is cut'() {
    networks.temporal.cut();
  },
  async 'the network to Temporal hangs'() {
    networks.temporal.hang();
    await sleep(FAULT_MS);
    networks.temporal.restore();
  },
};

it(
  `a storm of ${SECONDS} s: everything accepted is delivered or failed by its ladder, and records equal requests`,
  async () => {
    const customer = await onboard(apis[0]!, receiver.url('/hook'), { retrySchedule: RETRY_SCHEDULE });
    receiver.answerWith(async ({ headers }) => {
      const delayMs = random() < 0.2 ? 300 : 0;
      await sleep(delayMs);
      // Most attempts succeed, so few notifications exhaust their ladder.
      return { status: random() < 0.15 || Number(headers['signpost-attempt']) > 5 ? 500 : 200 };
    });
    const end = Date.now() + SECONDS * 1000;
    const faults: Fault[] = [];
    const storm = (async () => {
      for (await sleep(FAULT_EVERY_MS); Date.now() < end; await sleep(FAULT_EVERY_MS)) {
        const names = Object.keys(FAULTS);
        const name = names[Math.floor(random() * names.length)]!;
        const fault = { name, begin: Date.now(), end: Infinity };
        faults.push(fault);
        await FAULTS[name]!();
        fault.end = Date.now();
      }
    })();
    const posted: string[] = [];
    const posting: Promise<void>[] = [];
    while (Date.now() < end) {
      const id = `storm-${posted.length}`;
      posted.push(id);
      posting.push(postUntilAccepted(customer, id, posted.length));
      await sleep(1000 / EVENTS_PER_SECOND);
    }
    await storm;
    await Promise.all(posting);
    const database = new Client({ connectionString: postgres.url });
    await database.connect();
    await until(
      async () => (await database.query('select id from notifications where finished_at is null')).rows.length,
      (open) => open === 0,
      SETTLE_MS,
    );
    const verdict = await verdictOf(database, receiver.requests, faults);
    await database.end();
    process.stderr.write(`storm: ${JSON.stringify({ posted: posted.length, ...verdict.counts })}\n`);
    expect(verdict.withoutRequest).toEqual([]);
    expect(verdict.counts).toMatchObject({ accepted: posted.length, lost: 0 });
    expect(verdict.counts.delivered + verdict.counts.failed).toBe(posted.length);
    expect(verdict.unexplained).toEqual([]);
  },
  SECONDS * 1000 + SETTLE_MS + 120_000,
);

/** A producer that repeats a post under its id, until it is accepted. */
async function postUntilAccepted(
  { eventType: type, customerId }: { eventType: string; customerId: string },
  id: string,
  index: number,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const api = apis[(index + tries) % apis.length]!;
    const status = await fetch(`${api.url}/v1/events`, {
      method: 'POST',
      headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ id, type, customerId, data: { index } }),
      signal: AbortSignal.timeout(20_000),
    }).then(
      ({ status }) => status,
      () => 0,
    );
    if (status >= 200 && status < 300) return;
    if (status >= 400 && status < 500 && status !== 429) throw new Error(`an event was refused with ${status}`);
    await sleep(500);
  }
}
