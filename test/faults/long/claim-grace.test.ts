import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres, type RunningPostgres } from '../../../src/embedded/postgres';
import { openDatabase } from '../../../src/store/db/database';
import { useCluster } from '../../support/cluster';
import { onboard, tempDir } from '../../support/service';
import { until } from '../../support/until';

/** A claim lapses while Postgres is away, and its owner is back later than the others. */
const cluster = useCluster();
let directory: string;
let postgres: RunningPostgres;

beforeEach(async () => {
  directory = tempDir();
  postgres = await startPostgres({ directory, port: 0 });
});
afterEach(() => postgres.stop());

it('after an outage, other processes leave a lapsed claim to its owner for a moment, and nothing is sent twice', async () => {
  const { receiver } = cluster;
  const start = (role: string) => cluster.start({ databaseUrl: postgres.url, env: { SIGNPOST_ROLE: role } });
  const owner = await start('api');
  for (let worker = 0; worker < 2; worker++) await start('worker');
  const customer = await onboard(owner, receiver.url());
  const answers: (() => void)[] = [];
  receiver.answerWith(() => new Promise((resolve) => answers.push(() => resolve({ status: 200 }))));
  const ids = (await Promise.all(Array.from({ length: 5 }, () => customer.post()))).flat();
  await receiver.waitFor(ids.length);
  const db = openDatabase(postgres.url, () => undefined);
  await db.query({
    text: "update notifications set claimed_until = now() + interval '1 second', reconcile_after = now() + interval '1 second'",
  });
  await db.close();
  await postgres.stop();
  for (const answer of answers) answer();
  receiver.answerWith(200);
  await sleep(3000);
  process.kill(owner.pid, 'SIGSTOP');
  postgres = await startPostgres({ directory, port: postgres.port });
  await sleep(2500);
  process.kill(owner.pid, 'SIGCONT');
  for (const id of ids) {
    const delivered = await until(
      () => owner.call('GET', `/v1/notifications/${id}`),
      ({ body }) => body?.status === 'delivered',
      60_000,
    );
    expect(delivered.body.attempts).toHaveLength(1);
  }
  expect(receiver.requests).toHaveLength(ids.length);
}, 120_000);
