import { randomBytes } from 'node:crypto';
import { ConfigError } from '../../../src/config';
import { createSealer } from '../../../src/store/db/crypto';
import { requireMasterKey } from '../../../src/store/db/master-key-check';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { seed, TEST_SEALER } from '../../support/seed';

let test: TestDatabase;
beforeEach(async () => {
  test = await createTestDatabase();
});
afterEach(() => test.drop());

const other = () => createSealer(randomBytes(32));
const SHOWN = /SIGNPOST_MASTER_KEY is not the key of this database: .* master key [0-9a-f]{16}, .* has [0-9a-f]{16}/;

it('a new database takes the master key of its first process, and refuses others from then on', async () => {
  await requireMasterKey(test.db, TEST_SEALER);
  await requireMasterKey(test.db, TEST_SEALER);
  await expect(requireMasterKey(test.db, other())).rejects.toThrow(SHOWN);
  await expect(requireMasterKey(test.db, other())).rejects.toBeInstanceOf(ConfigError);
  await requireMasterKey(test.db, TEST_SEALER);
});

it('of two first processes with different master keys, one is refused', async () => {
  const results = await Promise.allSettled([other(), other()].map((sealer) => requireMasterKey(test.db, sealer)));
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('a database with secrets but without a check value refuses another master key, and keeps its own', async () => {
  await seed(test.db, { url: 'http://127.0.0.1:1/' });
  await expect(requireMasterKey(test.db, other())).rejects.toThrow(SHOWN);
  await requireMasterKey(test.db, TEST_SEALER);
  await expect(requireMasterKey(test.db, other())).rejects.toThrow(SHOWN);
});
