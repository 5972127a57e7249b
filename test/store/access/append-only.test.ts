import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { encodeId, newUuid } from '../../../src/domain/ids';
import { insertAudit, listAudit } from '../../../src/store/access/audit';
import { openDatabase, type Database } from '../../../src/store/db/database';
import { ensurePartitions } from '../../../src/store/db/partitions';
import { createTestDatabase, type TestDatabase } from '../../support/database';

/** The role of docs/operators/audit.md, made by the statements of that page. */
const role = `signpost_api_${randomUUID().slice(0, 8)}`;
let database: TestDatabase;
let api: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  const page = await readFile('docs/operators/audit.md', 'utf8');
  const statements = /```sql\n([\s\S]*?)```/.exec(page)![1]!;
  const owner = decodeURIComponent(new URL(database.url).username);
  const own = statements.replaceAll('signpost_api', role).replaceAll('for role signpost ', `for role ${owner} `);
  await database.db.query({ text: own });
  const url = new URL(database.url);
  url.username = role;
  url.password = 'choose-one';
  api = openDatabase(url.toString(), () => undefined);
});
afterAll(async () => {
  await api?.close();
  await database?.db.query({ text: `drop owned by ${role}; drop role ${role}` });
  await database?.drop();
});

const ACTOR = { id: 'key_1', name: 'k', productId: null, customerId: null, address: null, requestId: null };

it('the role of API processes adds and reads entries of the audit log', async () => {
  const object = encodeId('evt', newUuid());
  await insertAudit(api, ACTOR, 'event.read', object);
  expect((await listAudit(api, {}, { object }, { limit: 1 })).items).toMatchObject([{ action: 'event.read' }]);
});

it.each([
  "update audit set actor_name = 'somebody else'",
  'delete from audit',
  'truncate audit',
  'drop table audit',
  'alter table audit disable trigger all',
])('the role of API processes may not: %s', async (text) => {
  await expect(api.query({ text })).rejects.toMatchObject({ code: '42501' });
});

it('the role of API processes reads and writes what it needs besides', async () => {
  await api.query({ text: "insert into products (id, name) values ('p', 'P')" });
  await api.query({ text: "update products set enabled = true where id = 'p'" });
  await api.query({ text: "delete from products where id = 'p'" });
  expect((await api.query({ text: 'select name from schema_migrations' })).rowCount).toBeGreaterThan(0);
});

it('a process with this role has no partitions to make once the owner has made them', async () => {
  await ensurePartitions(database.db);
  await expect(ensurePartitions(api)).resolves.toBeDefined();
});

it('the owner, which workers use, removes entries when their retention is over', async () => {
  await insertAudit(database.db, ACTOR, 'event.read', 'evt_1');
  const { rowCount } = await database.db.query({ text: "delete from audit where object = 'evt_1'" });
  expect(rowCount).toBe(1);
});
