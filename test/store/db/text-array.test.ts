import { Client } from 'pg';
import { textArray } from '../../../src/store/db/text-array';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

it.each([
  ['quotes, backslashes, braces and commas', ['"', '\\', '{}', 'a,b', '']],
  ['characters of several bytes', ['ä€😀', '\u2028']],
  ['nulls', [null, 'NULL', null]],
  ['no value', []],
])('Postgres reads a binary text array with %s as it was given', async (_case, values) => {
  const { rows } = await client.query<{ value: (string | null)[] }>('select $1::text[] as value', [textArray(values)]);
  expect(rows[0]!.value).toEqual(values);
});
