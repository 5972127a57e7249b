import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApi, type TestApi } from '../support/api';
import { signpost } from '../support/cli';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { fromSetup } from '../support/environment';

let ledger: TestDatabase;
let api: TestApi;
let directory: string;
const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'service-definitions', 'ledgerpayment.yaml');

beforeAll(async () => {
  ledger = await createTestDatabase();
  api = await startTestApi(undefined, { ledger: ledger.url });
  const { productId } = await api.tenant('ledger');
  await api.must('PUT', '/v1/event-types/paid.v1', { productId, sample: { id: '7' } });
  directory = mkdtempSync(path.join(fromSetup('directory'), 'definitions-'));
});
afterAll(async () => {
  await api?.stop();
  await ledger?.drop();
});

function file(text: string): string {
  const name = path.join(directory, 'definition.yaml');
  writeFileSync(name, text);
  return name;
}
const define = (name: string, ...options: string[]) =>
  signpost(api.url, ['types', 'define', 'paid.v1', name, ...options]);

const SQL = `steps:
  - kind: query
    dataSource: ledger
    sql: |
      select :id as id
    arguments: [{ name: id, type: int, from: $data.id }]
`;

it('shows the body of a service definition in a dry run, and saves it without', async () => {
  const name = file(SQL);
  expect(await define(name, '--dry-run')).toMatchObject({ code: 0, out: '{"id":7}\n' });
  expect(await define(name, '--dry-run', '--data', '{"id":8}')).toMatchObject({ code: 0, out: '{"id":8}\n' });
  expect((await api.call('GET', '/v1/event-types/paid.v1/service-definition')).status).toBe(404);
  expect(await define(name)).toMatchObject({ code: 0, out: expect.stringContaining('paid.v1') });
  expect((await api.call('GET', '/v1/event-types/paid.v1/service-definition')).status).toBe(200);
});

it('reports errors in a service definition with their lines, whether the CLI or the service finds them', async () => {
  const name = file(SQL.replace('select :id', 'select nosuch, :id').replace('$data.id', '$nosuch'));
  for (const options of [[], ['--dry-run']]) {
    expect(await define(name, ...options)).toMatchObject({
      code: 2,
      err: `${name}:4:5  steps.0.sql: line 1, column 8: column "nosuch" does not exist
${name}:6:40  steps.0.arguments.0.from: expected $data.<field>, $secret, or a value without a leading $
`,
    });
  }
  expect(await define(file('steps: [{ kind: exec }]'))).toMatchObject({
    code: 2,
    err: expect.stringContaining(':1:11'),
  });
});

it('accepts the example definition up to its missing tables', async () => {
  expect(await define(EXAMPLE, '--dry-run')).toMatchObject({
    code: 2,
    err: expect.stringContaining('relation "dat_ledgeraccount" does not exist'),
  });
});
