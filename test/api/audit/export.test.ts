import { newUuid } from '../../../src/domain/ids';
import { startTestApi, type TestApi } from '../../support/api';
import { signpost } from '../../support/cli';

/** Exports of the audit log, by the API and by the command line. */
let api: TestApi;
let productId: string;
let key: string;
const MADE = 450;

beforeAll(async () => {
  api = await startTestApi();
  ({ productId, key } = await api.tenant('exported'));
  const other = await api.tenant('other');
  for (const [id, count] of [
    [productId, MADE],
    [other.productId, 5],
  ] as const)
    await api.database.db.query({
      text: `insert into audit (id, actor_id, actor_name, action, object, product_id, detail)
             select unnest($1::uuid[]), 'key_1', 'k', 'test.made', 'o', $2, '{"text": "two\\nlines"}'`,
      values: [Array.from({ length: count }, newUuid), id],
    });
});
afterAll(() => api?.stop());

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; productId: string | null; action: string });

it('exports all entries that match as JSON lines, newest first, over several pages', async () => {
  const { status, headers, body } = await api.call('GET', '/v1/audit?format=ndjson&action=test.made', { key });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/x-ndjson');
  expect(headers.get('content-disposition')).toBe('attachment; filename="audit.ndjson"');
  const lines = linesOf(body);
  expect(lines).toHaveLength(MADE);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(MADE);
  expect(lines.map(({ id }) => id)).toEqual(
    lines
      .map(({ id }) => id)
      .sort()
      .reverse(),
  );
  expect(new Set(lines.map((line) => line.productId))).toEqual(new Set([productId]));
  const page = await api.must('GET', '/v1/audit?action=test.made&limit=1', undefined, key);
  expect(page.items).toEqual([lines[0]]);
});

it('an export without entries is empty', async () => {
  const { status, body } = await api.call('GET', '/v1/audit?format=ndjson&since=2999-01-01T00:00:00Z', { key });
  expect([status, body]).toEqual([200, '']);
});

it('refuses pages in an export', async () => {
  const { status, body } = await api.call('GET', '/v1/audit?format=ndjson&limit=5&cursor=x', { key });
  expect(status).toBe(422);
  expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(['query/limit', 'query/cursor']);
});

it('HEAD of an export returns headers only', async () => {
  const { status, headers } = await api.call('HEAD', '/v1/audit?format=ndjson', { key });
  expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
});

it('a failure at the first page is a problem', async () => {
  await api.database.db.query({ text: 'alter table audit rename to audit_away' });
  try {
    const { status, body } = await api.call('GET', '/v1/audit?format=ndjson', { key });
    expect([status, body.code]).toEqual([500, 'internal-error']);
  } finally {
    await api.database.db.query({ text: 'alter table audit_away rename to audit' });
  }
});

it('signpost audit export prints all entries as JSON lines', async () => {
  const { code, out } = await signpost(api.url, ['audit', 'export', '--action', 'test.made']);
  expect(code).toBe(0);
  expect(linesOf(out)).toHaveLength(MADE + 5);
});

it('signpost audit list shows old and new values', async () => {
  const { id } = await api.must('POST', '/v1/customers', { name: 'Old' }, key);
  await api.must('PATCH', `/v1/customers/${id}`, { name: 'New' }, key);
  const { code, out } = await signpost(api.url, ['audit', 'list', '--object', id]);
  expect(code).toBe(0);
  expect(out).toMatch(/customer\.change .*name: Old → New/);
});
