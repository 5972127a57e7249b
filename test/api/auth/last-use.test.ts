import { LastUse } from '../../../src/api/auth/last-use';
import { encodeId, newUuid } from '../../../src/domain/ids';
import type { Executor } from '../../../src/store/db/database';

/** Recording the use of credentials, without Postgres. */
let written: unknown[];
let fault: Error | undefined;
let warnings: unknown[];
let lastUse: LastUse;

const db = {
  query: async ({ values }: { values: unknown[] }) => {
    if (fault) throw fault;
    written.push(...values);
    return { rows: [], rowCount: 0 };
  },
} as unknown as Executor;

beforeEach(() => {
  written = [];
  warnings = [];
  fault = undefined;
  lastUse = new LastUse(db, { warn: (...given: unknown[]) => void warnings.push(given) } as never);
});
afterEach(() => lastUse.close());

const [keyUuid, sessionUuid] = [newUuid(), newUuid()];
const use = () => {
  for (let call = 0; call < 3; call++) {
    lastUse.note(encodeId('key', keyUuid));
    lastUse.noteSession(encodeId('ses', sessionUuid));
  }
};

it('many uses of a credential and a session are written once, and not again', async () => {
  use();
  await lastUse.write();
  expect(written).toEqual([[keyUuid], [sessionUuid]]);
  await lastUse.write();
  expect(written).toHaveLength(2);
});

it('what was used last is written when the process ends', async () => {
  use();
  await lastUse.close();
  expect(written).toEqual([[keyUuid], [sessionUuid]]);
});

it('a use that cannot be written is a warning, and the next use is written', async () => {
  fault = new Error('Postgres is away');
  use();
  await lastUse.write();
  expect(warnings).toEqual([[{ err: fault }, expect.stringContaining('was not recorded')]]);
  fault = undefined;
  use();
  await lastUse.write();
  expect(written).toEqual([[keyUuid], [sessionUuid]]);
});
