import { runNode } from '../../support/processes';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('two processes can migrate an empty database concurrently, and one of them does the work', async () => {
  await database.db.query({ text: 'drop schema public cascade' });
  await database.db.query({ text: 'create schema public' });
  const script = `require('./dist/store/db/migrate').migrate(process.argv[1]).then((run) => console.log(JSON.stringify(run)))`;
  const outputs = await Promise.all([1, 2].map(() => runNode(['-e', script, database.url])));
  const run = outputs.map((output) => (JSON.parse(output) as string[]).length).sort();
  expect(run[0]).toBe(0);
  expect(run[1]).toBeGreaterThan(0);
  const { rows } = await database.db.query<{ count: number }>({
    text: "select count(*) from pg_tables where schemaname = 'public'",
  });
  expect(rows[0]!.count).toBeGreaterThan(10);
});
