import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApi, type TestApi } from '../support/api';
import { signpost } from '../support/cli';
import { tempDir } from '../support/service';

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'onboarding', 'payments.yaml');

let api: TestApi;
let directory: string;
beforeEach(async () => {
  api = await startTestApi();
  directory = tempDir();
});
afterEach(() => api?.stop());

function file(text: string, name = 'product.yaml'): string {
  const written = path.join(directory, name);
  writeFileSync(written, text);
  return written;
}

const onboard = (name: string, ...args: string[]) => signpost(api.url, ['onboard', 'product', name, ...args, '--json']);
/** Without --json, errors are one line each. */
const refused = (name: string) => signpost(api.url, ['onboard', 'product', name]);
const actions = (steps: { action: string; object: string }[]) =>
  steps.map(({ action, object }) => `${action} ${object}`);

async function catalog() {
  const { items } = await api.must('GET', '/v1/event-types');
  const withoutBuiltIn = items.filter(({ productId }: { productId: string }) => productId !== 'signpost');
  return withoutBuiltIn as { name: string; archived: boolean; schema: object; sample: unknown }[];
}

it('sets up the product of the example, whose key can post events immediately', async () => {
  const { code, json } = await onboard(EXAMPLE);
  expect(code).toBe(0);
  expect(actions(json.steps)).toEqual([
    'create product payments',
    'create event type payment.confirmed.v1',
    'create event type payment.returned.v1',
    'create API key payments-service',
  ]);
  const [{ key }] = json.createdKeys;
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C' }, key);
  const data = { paymentId: 'P-1', date: '2026-01-31T12:00:00Z', amount: 1 };
  await api.must('POST', '/v1/events', { type: 'payment.confirmed.v1', customerId: 'c', data }, key);
  const wrong = { type: 'payment.confirmed.v1', customerId: 'c', data: { ...data, date: 'soon' } };
  expect((await api.call('POST', '/v1/events', { key, body: wrong })).body.code).toBe('data-breaks-schema');
});

it.each([
  ['marketplace', 18],
  ['ledger', 2],
])('imports the example catalog %s', async (name, types) => {
  const { code, json } = await onboard(path.join(path.dirname(EXAMPLE), '..', 'catalogs', `${name}.yaml`));
  expect(code).toBe(0);
  expect(actions(json.steps)).toHaveLength(1 + types);
  expect((await catalog()).every(({ sample }) => sample !== null)).toBe(true);
});

it('changes nothing when the file of a product is applied again', async () => {
  await onboard(EXAMPLE);
  const before = JSON.stringify(await catalog());
  const { code, json } = await onboard(EXAMPLE);
  expect(code).toBe(0);
  expect(new Set(json.steps.map(({ action }: { action: string }) => action))).toEqual(new Set(['unchanged']));
  expect(json.createdKeys).toEqual([]);
  expect(JSON.stringify(await catalog())).toBe(before);
});

it('shows the plan of a product in a dry run and writes nothing', async () => {
  const { code, json } = await onboard(EXAMPLE, '--dry-run');
  expect({ code, dryRun: json.dryRun, count: json.steps.length }).toEqual({ code: 0, dryRun: true, count: 4 });
  expect((await api.call('GET', '/v1/products/payments')).status).toBe(404);
});

it('updates what differs, and archives unlisted event types with archiveOthers', async () => {
  await onboard(EXAMPLE);
  const changed = file(`
product: { id: payments, name: Payments and more, enabled: true }
archiveOthers: true
eventTypes:
  - name: payment.confirmed.v1
    description: Confirmed.
    fields: { paymentId: String, date: DateTime, amount: Number }
    sample: { paymentId: P-1, date: "2026-01-31T12:00:00Z", amount: 125.5 }
`);
  const { json } = await onboard(changed);
  expect(json.steps).toEqual([
    { action: 'update', object: 'product payments', fields: ['name'] },
    { action: 'update', object: 'event type payment.confirmed.v1', fields: ['description'] },
    { action: 'archive', object: 'event type payment.returned.v1' },
  ]);
  expect((await catalog()).map(({ name, archived }) => [name, archived])).toEqual([
    ['payment.confirmed.v1', false],
    ['payment.returned.v1', true],
  ]);
});

it('reports all errors of a product file with their lines, and writes nothing', async () => {
  const bad = file(`product:
  id: pay ments
  name: Payments
  colour: red
eventTypes:
  - name: payment.confirmed.v1
    fields:
      amount: Money
  - name: payment..v1
  - description: no name
apiKeys: none
`);
  const ran = await refused(bad);
  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(
    ran.err
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(`${bad}:`, '')),
  ).toEqual([
    expect.stringMatching(/^2:3 {2}product\.id: expected 1 to 128 characters/),
    '4:3  product.colour: unknown field',
    expect.stringMatching(/^8:7 {2}eventTypes\.0\.fields\.amount: one of String, Integer/),
    expect.stringMatching(/^9:5 {2}eventTypes\.1\.name: expected segments of/),
    expect.stringMatching(/^10:5 {2}eventTypes\.2\.name: /),
    expect.stringMatching(/^11:1 {2}apiKeys: /),
  ]);
  expect((await api.must('GET', '/v1/products')).items).toMatchObject([{ id: 'signpost' }]);
});

it('reports errors in schemas, samples and names of event types before it writes anything', async () => {
  const other = await api.tenant('other');
  await api.must('PUT', '/v1/event-types/taken.v1', { productId: other.productId });
  const bad = file(`product: { id: payments, name: Payments }
eventTypes:
  - name: fine.v1
  - name: taken.v1
  - name: bad-schema.v1
    schema: { type: nonsense }
  - name: bad-sample.v1
    fields: { amount: Number }
    sample:
      amount: much
`);
  const ran = await refused(bad);
  expect(ran.code).toBe(2);
  const lines = ran.err.trimEnd().split('\n');
  expect(lines.map((line) => line.replace(`${bad}:`, ''))).toEqual([
    `4:5  eventTypes.1.name: already belongs to product ${other.productId}; choose another name`,
    expect.stringMatching(/^6:5 {2}eventTypes\.2\.schema: The schema cannot be used/),
    '10:7  eventTypes.3.sample.amount: must be number',
  ]);
  expect((await api.call('GET', '/v1/products/payments')).status).toBe(404);
});

it('reports the line of invalid YAML', async () => {
  const ran = await refused(file('product:\n  id: [payments\n  name: x: y\n'));
  expect(ran.code).toBe(2);
  expect(ran.err).toMatch(/product\.yaml:\d+:\d+ {2}/);
});

it('reports the line of a number that would be sent as another one', async () => {
  const ran = await refused(
    file('product:\n  id: p\n  name: P\neventTypes:\n  - name: a.v1\n    sample:\n      n: 9007199254740993\n'),
  );
  expect(ran).toMatchObject({
    code: 2,
    err: expect.stringMatching(/product\.yaml:7:10 {2}has more digits than a double/),
  });
});

it('rejects an empty file and a file that is not an object', async () => {
  for (const text of ['', '[]', '7', 'null', '# nothing']) expect((await onboard(file(text))).code).toBe(2);
});

it('accepts a JSON file that is indented with tabs', async () => {
  const json = JSON.stringify({ product: { id: 'p', name: 'P' }, eventTypes: [{ name: 'a.v1' }] }, null, '\t');
  expect((await onboard(file(json, 'product.json'))).code).toBe(0);
  expect((await catalog()).map(({ name }) => name)).toEqual(['a.v1']);
});

it('imports the output of `types export` without changes', async () => {
  await onboard(EXAMPLE);
  const exported = await signpost(api.url, ['types', 'export', '--product', 'payments']);
  const imported = await signpost(api.url, [
    ...['types', 'import', file(exported.out, 'catalog.yaml'), '--product', 'payments', '--json'],
  ]);
  expect(actions(imported.json.steps)).toEqual([
    'unchanged event type payment.confirmed.v1',
    'unchanged event type payment.returned.v1',
  ]);
  expect(readFileSync(EXAMPLE, 'utf8')).toContain('payment.returned.v1');
});
