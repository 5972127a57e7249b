import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../../../src/embedded/postgres';
import { openDatabase } from '../../../src/store/db/database';
import { hangCommits } from '../../support/hanging-commits';
import { useCluster } from '../../support/cluster';
import { ADMIN_KEY, runToEnd, tempDir, type ServiceProcess } from '../../support/service';

/** More of postgres.test.ts. */
const cluster = useCluster();

async function expectWaited(service: ServiceProcess): Promise<void> {
  expect(service.output()).toContain('waiting for Postgres');
  expect((await service.call('GET', '/readyz')).body).toMatchObject({ status: 'ready' });
  await service.kill9();
}

it('a process with another master key does not start, and says which key is missing', async () => {
  const { database, temporal } = cluster;
  await cluster.start();
  const { code, output } = await runToEnd({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    SIGNPOST_PORT: '0',
    SIGNPOST_ADMIN_KEY: ADMIN_KEY,
    SIGNPOST_MASTER_KEY: randomBytes(32).toString('base64'),
  });
  expect(code).toBe(1);
  expect(output.trim().split('\n').at(-1)).toMatch(
    /^SIGNPOST_MASTER_KEY is not the key of this database: its secrets are sealed with master key \w{16}, and this process has \w{16}\. Set the key/,
  );
});

it('a process that starts on a standby waits until it is promoted', async () => {
  const directory = tempDir();
  const primary = await startPostgres({ directory, port: 0 });
  await (await cluster.start({ databaseUrl: primary.url })).stop();
  await primary.stop();
  writeFileSync(path.join(directory, 'data', 'standby.signal'), '');
  const standby = await startPostgres({ directory, port: primary.port });
  const db = openDatabase(standby.url, () => undefined);
  try {
    const starting = cluster.start({ databaseUrl: standby.url });
    await sleep(8000);
    await db.query({ text: 'select pg_promote()' });
    await expectWaited(await starting);
  } finally {
    await db.close();
    await standby.stop();
  }
});

it('a process that starts while commits hang waits for them', async () => {
  const postgres = await startPostgres({ directory: tempDir(), port: 0 });
  const db = openDatabase(postgres.url, () => undefined);
  try {
    await (await cluster.start({ databaseUrl: postgres.url })).stop();
    const goOn = await hangCommits(postgres.url, db);
    const starting = cluster.start({ databaseUrl: postgres.url });
    await sleep(25_000);
    await goOn();
    await expectWaited(await starting);
  } finally {
    await db.close();
    await postgres.stop();
  }
});
