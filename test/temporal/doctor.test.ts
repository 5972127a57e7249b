import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { format } from '../../src/cli/commands/doctor';
import { examine, type Finding } from '../../src/cli/doctor';
import { egressResult, versionResult } from '../../src/cli/doctor/configuration-checks';
import { fairnessCheck } from '../../src/cli/doctor/fairness-check';
import { skewResult } from '../../src/cli/doctor/database-checks';
import { lockRoomResult } from '../../src/cli/doctor/lock-room-check';
import { MAIN_TASK_QUEUE } from '../../src/domain/delivery';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { seed } from '../support/seed';
import { freePort, startBareTemporal } from '../support/bare-temporal';
import { connectTestTemporal, testTemporal } from '../support/temporal';
import { until } from '../support/until';

let database: TestDatabase;
let namespace: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await seed(database.db, { url: 'http://127.0.0.1:1/' });
  namespace = `doctor-${randomUUID()}`;
  const { client, close } = await connectTestTemporal();
  await client.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  await close();
});
afterAll(() => database?.drop());

const KEY = Buffer.alloc(32, 7).toString('base64');

const doctor = (fix = false, env: Record<string, string> = {}) =>
  examine(
    {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      TEMPORAL_NAMESPACE: namespace,
      SIGNPOST_MASTER_KEY: KEY,
      SIGNPOST_ADMIN_KEY: 'doctor-admin-key-0123456789',
      ...env,
    },
    fix,
  );

const find = (findings: Finding[], name: string) => findings.find(({ check }) => check === name);

it('doctor finds what is missing, repairs it with --fix, and then finds nothing to repair', async () => {
  const [{ name }] = (
    await database.db.query<{ name: string }>({
      text: `select inhrelid::regclass::text as name from pg_inherits
             where inhparent = 'events'::regclass order by 1 desc`,
    })
  ).rows.filter((row) => !row.name.endsWith('_default')) as [{ name: string }];
  await database.db.query({
    text: `do $$ declare t text; begin
      for t in select inhrelid::regclass::text from pg_inherits where inhparent = 'events'::regclass
        and inhrelid::regclass::text not like '%default' order by 1 desc limit 14
      loop execute format('drop table %I', t); end loop; end $$`,
  });

  // The Postgres of the tests runs without fsync, which --fix must not touch.
  const found = await doctor();
  expect(find(found, 'durability')).toMatchObject({ status: 'fail', detail: expect.stringContaining('fsync') });
  for (const check of [
    'configuration',
    'postgres',
    'schema',
    'timeouts',
    'connections',
    'locks',
    'clock',
    'master-key',
  ])
    expect(find(found, check)).toMatchObject({ status: 'ok', repair: 'none' });
  for (const check of ['temporal', 'namespace']) expect(find(found, check)).toMatchObject({ status: 'ok' });
  expect(find(found, 'partitions')).toMatchObject({ status: 'fail', repair: 'possible' });
  expect(find(found, 'history-retention')).toMatchObject({ status: 'warn', repair: 'possible' });
  expect(find(found, 'search-attributes')).toMatchObject({ status: 'warn', repair: 'possible' });

  const fixed = await doctor(true);
  expect(find(fixed, 'partitions')).toMatchObject({ status: 'ok', repair: 'done' });
  expect(find(fixed, 'history-retention')).toMatchObject({ status: 'ok', repair: 'done' });
  expect(find(fixed, 'search-attributes')).toMatchObject({ status: 'ok', repair: 'done' });
  expect(find(fixed, 'durability')).toMatchObject({ status: 'fail' });

  const { rows } = await database.db.query({ text: 'select to_regclass($1) is not null as exists', values: [name] });
  expect(rows).toEqual([{ exists: true }]);
  const again = await doctor();
  for (const check of ['partitions', 'history-retention'])
    expect(find(again, check)).toMatchObject({ status: 'ok', repair: 'none' });
});

it('doctor prints a table without secrets', async () => {
  const out = format(await doctor());
  expect(out).toMatch(/^CHECK +STATUS +DETAIL\n/);
  expect(out).toMatch(/^durability +fail +fsync/m);
  expect(out).not.toContain(KEY);
  expect(out).not.toContain(new URL(database.url).password || '\0');
});

it('doctor reports a master key that does not open the database', async () => {
  const ran = await doctor(false, { SIGNPOST_MASTER_KEY: Buffer.alloc(32, 9).toString('base64') });
  expect(find(ran, 'master-key')).toMatchObject({ status: 'fail', detail: expect.stringContaining('is not the key') });
});

it('doctor names the command that creates a missing namespace, and creates none', async () => {
  for (const fix of [false, true])
    expect(find(await doctor(fix, { TEMPORAL_NAMESPACE: 'no-such' }), 'namespace')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('temporal operator namespace create --namespace no-such'),
    });
});

it.each([
  ['without fairness', [], { status: 'warn', detail: expect.stringContaining('matching.enableFairness') }],
  ['with fairness', ['--dynamic-config-value', 'matching.enableFairness=true'], { status: 'ok' }],
])('doctor reports whether customers take turns in a backlog, of a Temporal %s', async (_, args, expected) => {
  const temporal = await startBareTemporal(await freePort(), args);
  const env = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'default' };
  const fairness = async () => find(await doctor(false, env), 'fairness');
  expect(await fairness()).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^unknown until a task/) });
  const connection = await temporal.connect();
  const client = new Client({ connection });
  // No worker asks for their tasks.
  for (let count = 0; count < 8; count++)
    await client.workflow.start('deliverNotification', {
      workflowId: randomUUID(),
      taskQueue: MAIN_TASK_QUEUE,
      priority: { fairnessKey: `customer-${count % 2}` },
    });
  await connection.close();
  const found = await until(fairness, (seen) => !seen?.detail.startsWith('unknown'));
  expect(found).toMatchObject({ repair: 'none', ...expected });
  await temporal.stop();
});

it('doctor does not ask about turns in a backlog with an API key, as Temporal Cloud demands one', async () => {
  const settings = { address: '127.0.0.1:1', namespace: 'default', apiKey: 'doctor-temporal-key' };
  const result = await fairnessCheck(settings).run();
  expect(result).toMatchObject({ status: 'ok', detail: expect.stringContaining('Temporal Cloud') });
});

it('doctor reports an invalid setting, a mistyped one, and parts that do not answer', async () => {
  const invalid = await doctor(false, { SIGNPOST_PORT: 'http' });
  expect(invalid).toEqual([expect.objectContaining({ check: 'configuration', status: 'fail' })]);
  const ran = await doctor(false, {
    SIGNPOST_BRUST: 'on',
    DATABASE_URL: 'postgres://127.0.0.1:1/none',
    SIGNPOST_EGRESS_PROXY: 'http://127.0.0.1:1',
  });
  expect(find(ran, 'configuration')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('SIGNPOST_BURST'),
  });
  expect(find(ran, 'postgres')).toMatchObject({ status: 'fail' });
  expect(find(ran, 'egress-proxy')).toMatchObject({ status: 'fail' });
  expect(find(ran, 'namespace')).toMatchObject({ status: 'ok' });
});

it('doctor reports migrations that were not run, and those of a later version', async () => {
  await database.db.query({
    text: `update schema_migrations set name = '9999_later' where id = (select max(id) from schema_migrations)`,
  });
  const ran = await doctor();
  expect(find(ran, 'schema')).toMatchObject({ status: 'fail', detail: expect.stringContaining('signpost migrate') });
  await database.db.query({ text: `delete from schema_migrations where name = '9999_later'` });
});

it('doctor names one thing to do on a database without a schema', async () => {
  const empty = await createTestDatabase('template1');
  const ran = await doctor(false, { DATABASE_URL: empty.url });
  expect(find(ran, 'schema')).toMatchObject({ status: 'fail', detail: expect.stringContaining('signpost migrate') });
  for (const check of ['locks', 'partitions', 'master-key'])
    expect(find(ran, check)).toMatchObject({ status: 'warn', detail: 'unknown until the migrations have been run' });
  await empty.drop();
});

it.each([
  [0, 'ok'],
  [900, 'ok'],
  [5000, 'warn'],
  [-5000, 'warn'],
  [120_000, 'fail'],
])('a clock that is %d ms away is %s', (skew, status) => {
  const now = 1_800_000_000_000;
  expect(skewResult(now + skew, now - 5, now + 5).status).toBe(status);
});

it.each([
  [
    'the defaults of Postgres hold 90 days',
    { perTransaction: 64, backends: 100, partitions: 48, historyDays: 90, connections: 14 },
    'ok',
  ],
  [
    '400 days need more',
    { perTransaction: 64, backends: 100, partitions: 48, historyDays: 400, connections: 14 },
    'warn',
  ],
  [
    '400 days have what they need',
    { perTransaction: 256, backends: 100, partitions: 1300, historyDays: 400, connections: 14 },
    'ok',
  ],
  [
    'a backup of today fails',
    { perTransaction: 10, backends: 25, partitions: 300, historyDays: 90, connections: 14 },
    'fail',
  ],
])('doctor judges whether Postgres has room for locks: %s', (_, found, status) => {
  const result = lockRoomResult(found);
  expect(result.status).toBe(status);
  if (status !== 'ok') expect(result.detail).toMatch(/max_locks_per_transaction to \d+/);
});

it('the value that doctor names for max_locks_per_transaction is enough', () => {
  const found = { perTransaction: 64, backends: 100, partitions: 1300, historyDays: 400, connections: 14 };
  const { detail } = lockRoomResult(found);
  const perTransaction = Number(/max_locks_per_transaction to (\d+)/.exec(detail)![1]);
  expect(lockRoomResult({ ...found, perTransaction }).status).toBe('ok');
});

it.each([
  [{ allowAddresses: [], allowUrls: [] }, 'ok'],
  [{ allowAddresses: ['10.0.0.0/8', 'fd00:1::/64', '192.0.2.1/32'], allowUrls: ['https://*.example.com'] }, 'ok'],
  [{ allowAddresses: ['169.254.0.0/16'], allowUrls: [] }, 'fail'],
  [{ allowAddresses: ['169.254.0.0/16'], denyAddresses: ['169.254.169.254/32'], allowUrls: [] }, 'ok'],
  [{ allowAddresses: ['::/0'], allowUrls: [] }, 'fail'],
  [{ allowAddresses: [], allowUrls: ['https://*'] }, 'warn'],
])('the egress policy %j is %s', (policy, status) => {
  expect(egressResult({ denyAddresses: [], ...policy }).status).toBe(status);
});

it('a version of Node.js without security fixes is a warning', () => {
  expect(versionResult('20.20.0').status).toBe('warn');
  expect(versionResult('24.1.0').status).toBe('ok');
});
