import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres, type RunningPostgres } from '../../../src/embedded/postgres';
import { useCluster } from '../../support/cluster';
import { ADMIN_KEY, onboard, tempDir, type ServiceProcess } from '../../support/service';
import { until } from '../../support/until';

/** Postgres is away for a minute, as in a failover, while receivers answer and producers go on. */
const cluster = useCluster();
const AWAY_SECONDS = 60;
const WARM_UP_SECONDS = 15;
const IN_FLIGHT = 20;
const BODY_BYTES = 100_000;
const MEGABYTES_OF_GROWTH = 150;

let directory: string;
let postgres: RunningPostgres;

beforeEach(async () => {
  directory = tempDir();
  postgres = await startPostgres({ directory, port: 0 });
});
afterEach(() => postgres.stop());

const residentMegabytes = ({ pid }: ServiceProcess) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

it('what was answered meanwhile is recorded and not made again, and no process grows', async () => {
  const { receiver } = cluster;
  const api = await cluster.start({
    databaseUrl: postgres.url,
    env: { SIGNPOST_ROLE: 'api', SIGNPOST_LIMIT_LARGE_BODIES_MIB: '100000' },
  });
  const worker = await cluster.start({ databaseUrl: postgres.url, env: { SIGNPOST_ROLE: 'worker' } });
  const customer = await onboard(api, receiver.url(), { timeoutSeconds: 3 });
  const send: (() => void)[] = [];
  receiver.answerWith(() => new Promise((resolve) => send.push(() => resolve({ status: 200 }))));
  const ids = (await Promise.all(Array.from({ length: IN_FLIGHT }, () => customer.post()))).flat();
  await receiver.waitFor(IN_FLIGHT);
  process.kill(postgres.pid, 'SIGQUIT');
  await sleep(300);
  for (const one of send) one();
  receiver.answerWith(200);

  // At first the heap grows to the size that this load needs, about 300 MB.
  const statuses = await postFor(WARM_UP_SECONDS, api, customer);
  const before = [api, worker].map(residentMegabytes);
  statuses.push(...(await postFor(AWAY_SECONDS - WARM_UP_SECONDS, api, customer)));
  const growth = [api, worker].map((each, index) => residentMegabytes(each) - before[index]!);
  process.stdout.write(
    `${statuses.length} posts refused; growth of api and worker: ${growth.map(Math.round).join(', ')} MB\n`,
  );
  expect(new Set(statuses)).toEqual(new Set([503]));
  expect(Math.max(...growth)).toBeLessThan(MEGABYTES_OF_GROWTH);

  postgres = await startPostgres({ directory, port: postgres.port });
  for (const id of ids) {
    const delivered = await until(
      () => api.call('GET', `/v1/notifications/${id}`),
      ({ body }) => body?.status === 'delivered',
      60_000,
    );
    expect(delivered.body.attempts).toHaveLength(1);
  }
  // A second attempt would be made by the next sweep of the reconciler.
  await sleep(8000);
  expect(receiver.requests).toHaveLength(IN_FLIGHT);
}, 240_000);

/** Posts large events, 16 at a time. @returns the status of each answer */
async function postFor(
  seconds: number,
  service: ServiceProcess,
  { eventType: type, customerId }: Awaited<ReturnType<typeof onboard>>,
): Promise<number[]> {
  const end = Date.now() + seconds * 1000;
  const statuses: number[] = [];
  const body = JSON.stringify({ type, customerId, data: { text: 'x'.repeat(BODY_BYTES) } });
  const loops = Array.from({ length: 16 }, async () => {
    while (Date.now() < end) {
      const response = await fetch(`${service.url}/v1/events`, {
        method: 'POST',
        headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
        body,
      });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  });
  await Promise.all(loops);
  return statuses;
}
