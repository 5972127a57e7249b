import { AuditTally, SEVERAL } from '../../../src/api/audit/audit-tally';
import type { AuditRecord } from '../../../src/store/access/audit';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';

const MINUTE_MS = 60_000;

let database: TestDatabase;
let tally: AuditTally;
let nowMs: number;
beforeEach(async () => {
  database = await createTestDatabase();
  nowMs = 0;
  tally = new AuditTally(database.db, undefined, () => nowMs);
});
afterEach(async () => {
  await tally.close();
  await database.drop();
});

function refusal(address: string, by = 'anonymous', action = 'request.refuse'): AuditRecord {
  const actor = { id: by, name: by, productId: null, customerId: null, address, requestId: 'r' };
  return { actor, action, object: 'GET /v1/products', detail: { reason: 'invalid-credential' } };
}

async function written(): Promise<{ actor_id: string; address: string | null; object: string; occurrences: number }[]> {
  await tally.write();
  const { rows } = await database.db.query<{
    actor_id: string;
    address: string | null;
    object: string;
    occurrences: number;
  }>({ text: 'select actor_id, address, object, occurrences from audit order by id' });
  return rows;
}

it('writes the first occurrence soon, and the number of further ones when the minute is over', async () => {
  tally.note(refusal('192.0.2.1'));
  expect(await written()).toMatchObject([{ address: '192.0.2.1', occurrences: 1 }]);
  for (let i = 0; i < 1000; i++) tally.note(refusal('192.0.2.1'));
  nowMs = MINUTE_MS - 1;
  expect(await written()).toHaveLength(1);
  nowMs = MINUTE_MS;
  expect((await written()).map(({ occurrences }) => occurrences)).toEqual([1, 1000]);
  nowMs = 2 * MINUTE_MS;
  expect(await written()).toHaveLength(2);
});

it('a flood from many addresses leaves a bounded number of entries, whose sum is right', async () => {
  for (let i = 0; i < 5000; i++) tally.note(refusal(`198.51.${i >> 8}.${i & 255}`));
  const rows = await written();
  expect(rows).toHaveLength(20 + 60 + 1);
  expect(rows.at(-1)).toEqual({ actor_id: 'anonymous', address: null, object: SEVERAL, occurrences: 4920 });
  expect(rows.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(5000);
});

it('a flood from one IPv6 network counts as one address', async () => {
  for (let i = 0; i < 5000; i++) tally.note(refusal(`2001:db8::${i.toString(16)}`));
  const rows = await written();
  expect(rows).toHaveLength(21);
  expect(rows.at(-1)).toEqual({ actor_id: 'anonymous', address: '2001:db8::', object: SEVERAL, occurrences: 4980 });
});

it('refusals of different calls hide neither the address of further ones, nor the owner of what was read', async () => {
  await database.db.query({
    text: `insert into customers (id, name, retry_schedule) values ('c1', 'c1', '{30}'), ('c2', 'c2', '{30}')`,
  });
  for (let i = 0; i < 200; i++) tally.note({ ...refusal('192.0.2.1'), object: `GET /v1/things/${i}` });
  tally.note(refusal('203.0.113.7'));
  for (const customerId of ['c1', 'c2']) tally.note({ ...refusal('203.0.113.8'), customerId, productId: 'p1' });
  await tally.write();
  const { rows } = await database.db.query({
    text: `select address, customer_id, product_id, occurrences from audit where object = '${SEVERAL}' order by id`,
  });
  expect(rows).toEqual([
    { address: '192.0.2.1', customer_id: null, product_id: null, occurrences: 180 },
    { address: '203.0.113.7', customer_id: null, product_id: null, occurrences: 1 },
    { address: '203.0.113.8', customer_id: 'c1', product_id: 'p1', occurrences: 1 },
    { address: '203.0.113.8', customer_id: 'c2', product_id: 'p1', occurrences: 1 },
  ]);
});

it('a flood by many credentials leaves a bounded number of entries, whose sum is right', async () => {
  for (let i = 0; i < 5000; i++) tally.note(refusal('192.0.2.1', `key_${i}`));
  const rows = await written();
  expect(rows).toHaveLength(501);
  expect(rows.at(-1)).toEqual({ actor_id: SEVERAL, address: null, object: SEVERAL, occurrences: 4500 });
});

it('a flood by strangers leaves room for the refusals of a credential', async () => {
  for (let i = 0; i < 5000; i++) tally.note(refusal(`2001:db8::${i.toString(16)}`));
  tally.note(refusal('192.0.2.9', 'key_1'));
  expect(await written()).toContainEqual({
    actor_id: 'key_1',
    address: '192.0.2.9',
    object: 'GET /v1/products',
    occurrences: 1,
  });
});

it('has room again after a minute', async () => {
  for (let i = 0; i < 100; i++) tally.note(refusal(`192.0.2.${i}`));
  await written();
  nowMs = MINUTE_MS;
  await written();
  tally.note(refusal('198.51.100.1'));
  expect((await written()).at(-1)).toMatchObject({ address: '198.51.100.1' });
});

it('keeps what could not be written, and writes it later', async () => {
  await database.db.query({ text: 'alter table audit rename to audit_away' });
  tally.note(refusal('192.0.2.1'));
  tally.note(refusal('192.0.2.1'));
  await tally.write();
  await database.db.query({ text: 'alter table audit_away rename to audit' });
  expect(await written()).toMatchObject([{ occurrences: 2 }]);
});

it('writes by itself once it is started', async () => {
  tally.start();
  tally.note(refusal('192.0.2.1'));
  const count = async () => (await database.db.query({ text: 'select from audit' })).rowCount;
  await until(count, (written) => written === 1);
});

it('writes everything that is left when the process stops', async () => {
  tally.note(refusal('192.0.2.1'));
  await tally.write();
  tally.note(refusal('192.0.2.1'));
  await tally.close();
  expect((await written()).map(({ occurrences }) => occurrences)).toEqual([1, 1]);
});
