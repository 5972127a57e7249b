import { Registry } from 'prom-client';
import { Cleanups } from '../../../src/service/cleanups';
import { reportKeyUseRegularly } from '../../../src/service/key-use';
import { createSealer } from '../../../src/store/db/crypto';
import type { Executor } from '../../../src/store/db/database';
import { requireMasterKey } from '../../../src/store/db/master-key-check';
import { listKeyUse } from '../../../src/store/db/master-key-use';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';

/** The count of nonces that a process and its predecessors have used. */
let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const keys = createSealer(Buffer.alloc(32, 5));
const sealsInDatabase = async () => (await listKeyUse(database.db))[0]!.seals;

async function run(seals: number, db: Executor = database.db) {
  keys.takeSeals();
  await requireMasterKey(database.db, keys);
  await database.db.query({ text: 'update master_key_check set seals = $1, seen_at = null', values: [seals] });
  const [registry, cleanups, warn] = [new Registry(), new Cleanups(), jest.fn()];
  reportKeyUseRegularly({ db, keys, registry, log: { warn } }, cleanups);
  return { registry, warn, stop: () => cleanups.run(1000) };
}

it('reports the seals of a process when it starts and when it stops, and shows those of all processes', async () => {
  const { registry, warn, stop } = await run(100);
  await until(sealsInDatabase, (seals) => seals === 101);
  keys.seal('a', 'b');
  keys.seal('c', 'd');
  await stop();
  expect(await sealsInDatabase()).toBe(103);
  expect(await registry.metrics()).toMatch(/^signpost_master_key_seals 103$/m);
  expect((await listKeyUse(database.db))[0]!.isSealing).toBe(true);
  expect(warn).not.toHaveBeenCalled();
});

it('warns once when a quarter of the seals of a master key are made', async () => {
  const { warn, stop } = await run(2 ** 30 - 1);
  await until(
    async () => warn.mock.calls.length,
    (calls) => calls > 0,
  );
  await stop();
  expect(warn.mock.calls).toEqual([
    [{ seals: 2 ** 30, budget: 2 ** 32, keyId: keys.keyId }, expect.stringContaining('rotate it')],
  ]);
});

it('reports seals later that could not be reported', async () => {
  let failures = 0;
  const failing: Executor = {
    query(statement) {
      if (failures++ === 0) return Promise.reject(new Error('Postgres is away'));
      return database.db.query(statement);
    },
  };
  const { stop } = await run(0, failing);
  await until(
    async () => failures,
    (count) => count > 0,
  );
  keys.seal('a', 'b');
  await stop();
  expect(await sealsInDatabase()).toBe(2);
});
