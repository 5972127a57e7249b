import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isAlive } from '../../../src/embedded/processes';
import { startPostgres, type RunningPostgres } from '../../../src/embedded/postgres';
import { useCluster } from '../../support/cluster';
import { ADMIN_KEY, onboard, tempDir, type ServiceProcess } from '../../support/service';
import { until } from '../../support/until';
import { verdictOf } from '../../support/verdict';

/** The disk of Postgres is full. Its data is on a small tmpfs, which only root may mount. */
const cluster = useCluster();
const DISK = '256m';
const FULL_SECONDS = 15;
const LOOPS = 8;
const PADDING = 'x'.repeat(8000);

let directory: string;
let postgres: RunningPostgres;

beforeEach(async () => {
  directory = path.join(tempDir(), 'disk');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'none', directory]);
  postgres = await startPostgres({ directory, port: 0, settings: { max_wal_size: '64MB' } });
});
afterEach(async () => {
  await postgres?.stop();
  execFileSync('umount', [directory]);
});

const filler = () => path.join(directory, 'filler');
function fill(): void {
  const { bavail, bsize } = statfsSync(directory);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize));
}

/** Posts events of 8 kB for a time. @returns the accepted ids, and a count of each status */
async function postFor(
  seconds: number,
  service: ServiceProcess,
  { eventType: type, customerId }: Awaited<ReturnType<typeof onboard>>,
) {
  const end = Date.now() + seconds * 1000;
  const accepted: string[] = [];
  const statuses: Record<number, number> = {};
  await Promise.all(
    Array.from({ length: LOOPS }, async () => {
      while (Date.now() < end) {
        const response = await fetch(`${service.url}/v1/events`, {
          method: 'POST',
          headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
          body: JSON.stringify({ type, customerId, data: { text: PADDING } }),
        });
        const body = (await response.json()) as { notifications?: { id: string }[] };
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
        accepted.push(...(body.notifications ?? []).map(({ id }) => id));
        await sleep(20);
      }
    }),
  );
  return { accepted, statuses };
}

it('a full disk: posts are refused with 503, the process lives, and what was accepted is delivered once', async () => {
  const { receiver } = cluster;
  const service = await cluster.start({ databaseUrl: postgres.url });
  const customer = await onboard(service, receiver.url());
  const before = await postFor(2, service, customer);
  fill();
  const during = await postFor(FULL_SECONDS, service, customer);
  expect((await service.call('GET', '/healthz')).status).toBe(200);
  expect(during.statuses[503]).toBeGreaterThan(0);
  expect(Object.keys(during.statuses).filter((status) => !['202', '503'].includes(status))).toEqual([]);
  rmSync(filler());
  // Postgres ends itself if it cannot write its log, and an operator starts it again.
  if (!isAlive(postgres.pid)) postgres = await startPostgres({ directory, port: postgres.port });
  await until(
    () => service.call('GET', '/readyz'),
    ({ status }) => status === 200,
    60_000,
  );
  const after = await postFor(2, service, customer);
  const database = new Client({ connectionString: postgres.url });
  await database.connect();
  await until(
    async () => (await database.query('select id from notifications where finished_at is null')).rows.length,
    (open) => open === 0,
    120_000,
  );
  const { counts, unexplained } = await verdictOf(database, receiver.requests, []);
  await database.end();
  process.stderr.write(`disk full: ${JSON.stringify({ answers: during.statuses, ...counts })}\n`);
  const accepted = before.accepted.length + during.accepted.length + after.accepted.length;
  // A commit whose answer was lost may have happened.
  expect(counts.accepted).toBeGreaterThanOrEqual(accepted);
  expect(counts).toMatchObject({ delivered: counts.accepted, lost: 0, recordsWithoutRequest: 0, duplicated: 0 });
  expect(counts.requests).toBe(counts.recorded);
  expect(unexplained).toEqual([]);
}, 300_000);
