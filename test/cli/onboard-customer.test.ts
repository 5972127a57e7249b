import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApi, type TestApi } from '../support/api';
import { signpost } from '../support/cli';
import { startReceiver, type Receiver } from '../support/receiver';
import { tempDir } from '../support/service';

const EXAMPLES = path.join(__dirname, '..', '..', 'examples', 'onboarding');
const EXAMPLE = path.join(EXAMPLES, 'customer1.yaml');

let api: TestApi;
let receiver: Receiver;
let directory: string;
beforeEach(async () => {
  api = await startTestApi();
  receiver = await startReceiver();
  directory = tempDir();
  await signpost(api.url, ['onboard', 'product', path.join(EXAMPLES, 'payments.yaml')]);
});
afterEach(async () => {
  await receiver?.close();
  await api?.stop();
});

function file(text: string): string {
  const written = path.join(directory, 'customer.yaml');
  writeFileSync(written, text);
  return written;
}

const onboard = (name: string, ...args: string[]) =>
  signpost(api.url, ['onboard', 'customer', name, ...args, '--json']);
/** Without --json, errors are one line each. */
const refused = (name: string) => signpost(api.url, ['onboard', 'customer', name]);

it('sets up the customer of the example, with its allowed URL and its subscriptions', async () => {
  const { code, json } = await onboard(EXAMPLE);
  expect(code).toBe(0);
  expect(json.steps).toEqual([
    { action: 'create', object: 'customer customer1' },
    { action: 'create', object: 'allowed URL https://customer1.example' },
    { action: 'create', object: 'subscription confirmations' },
    { action: 'create', object: 'subscription returns' },
  ]);
  expect(json.subscriptions).toMatchObject([
    { name: 'confirmations', status: 'enabled' },
    { name: 'returns', status: 'enabled' },
  ]);
});

it('changes nothing when the file of a customer is applied again', async () => {
  await onboard(EXAMPLE);
  const before = await api.must('GET', '/v1/subscriptions');
  const { json } = await onboard(EXAMPLE);
  expect(new Set(json.steps.map(({ action }: { action: string }) => action))).toEqual(new Set(['unchanged']));
  expect(json.subscriptions).toHaveLength(2);
  expect(await api.must('GET', '/v1/subscriptions')).toEqual(before);
});

it('asks the service whether secrets differ, which answers do not show', async () => {
  const withAuth = (token: string, secret = 'the-first-secret') =>
    file(`
customer: { id: customer2, name: Customer Two, productId: payments }
allowUrls: [https://customer2.example]
subscriptions:
  - name: main
    url: https://customer2.example/hook
    eventTypes: ['*']
    headers: { X-Team: payments }
    auth: { type: bearer, token: '${token}' }
    secret: '${secret}'
`);
  const read = () => api.must('GET', '/v1/subscriptions?customerId=customer2');
  await onboard(withAuth('first'));
  const before = await read();
  expect(before.items).toMatchObject([{ auth: { type: 'bearer', token: '***' }, headers: { 'X-Team': 'payments' } }]);
  const { json } = await onboard(withAuth('first'));
  expect(json.steps.at(-1)).toEqual({ action: 'unchanged', object: 'subscription main' });
  expect(await read()).toEqual(before);
  const masked = await onboard(withAuth('***'));
  expect(masked.json.steps.at(-1)).toEqual({ action: 'unchanged', object: 'subscription main' });
  await onboard(withAuth('second'));
  expect((await read()).items[0].modifiedAt).not.toBe(before.items[0].modifiedAt);
  const rotated = await onboard(withAuth('***', 'the-second-secret'));
  expect(rotated.json.steps.at(-1)).toEqual({ action: 'update', object: 'subscription main', fields: ['secret'] });
  const { secret } = await api.must('GET', `/v1/subscriptions/${before.items[0].id}/secret`);
  expect(secret).toBe('the-second-secret');
});

it('shows changes and removals with --prune in a dry run, and carries them out without it', async () => {
  await onboard(EXAMPLE);
  const changed = file(`
customer: { id: customer1, name: Customer One, productId: payments, retrySchedule: [5] }
subscriptions:
  - { name: confirmations, url: https://customer1.example/new, eventTypes: [payment.confirmed.v1] }
  - { name: everything, url: https://customer1.example/all, eventTypes: ['*'] }
`);
  const steps = [
    { action: 'update', object: 'customer customer1', fields: ['retrySchedule'] },
    { action: 'update', object: 'subscription confirmations', fields: ['url'] },
    { action: 'create', object: 'subscription everything' },
    { action: 'remove', object: 'subscription returns' },
  ];
  const names = async () =>
    (await api.must('GET', '/v1/subscriptions')).items.map(({ name }: { name: string }) => name).sort();
  expect((await onboard(changed, '--prune', '--dry-run')).json).toEqual({ dryRun: true, steps });
  expect(await names()).toEqual(['confirmations', 'returns']);
  expect((await onboard(changed, '--prune')).json.steps).toEqual(steps);
  expect(await names()).toEqual(['confirmations', 'everything']);
});

it('keeps and names subscriptions that are not in the file without --prune', async () => {
  await onboard(EXAMPLE);
  const returns = async () =>
    (await api.must('GET', '/v1/subscriptions')).items.find(({ name }: { name: string }) => name === 'returns');
  const before = await returns();
  const changed = file(`
customer: { id: customer1, name: Customer One, productId: payments }
subscriptions:
  - { name: confirmations, url: https://customer1.example/new, eventTypes: [payment.confirmed.v1] }
  - { name: everything, url: https://customer1.example/all, eventTypes: ['*'], secret: shared-with-them }
`);
  const ran = await onboard(changed);
  expect(ran.json.steps.slice(1)).toEqual([
    { action: 'update', object: 'subscription confirmations', fields: ['url'] },
    { action: 'create', object: 'subscription everything' },
    { action: 'keep', object: 'subscription returns' },
  ]);
  expect(ran.err).toBe('Not in the file, and kept: subscription returns. Remove them with --prune.\n');
  expect(ran.json.subscriptions).toMatchObject([
    { name: 'confirmations', url: 'https://customer1.example/new' },
    { name: 'everything', status: 'enabled' },
  ]);
  expect(await returns()).toEqual(before);
  const { secret } = await api.must('GET', `/v1/subscriptions/${ran.json.subscriptions[1].id}/secret`);
  expect(secret).toBe('shared-with-them');
  const again = await onboard(changed);
  expect(again.json.steps.map(({ action }: { action: string }) => action).slice(1)).toEqual([
    'unchanged',
    'unchanged',
    'keep',
  ]);
});

it('reports all errors of a customer file with their lines, including those that only the service can find', async () => {
  const wrong = file(`customer:
  id: customer1
  name: Customer One
  retrySchedule: [90000]
subscriptions:
  - name: a
    url: https://u:p@customer1.example
    eventTypes: [payment.confirmed.v1]
    headers:
      Host: other
  - name: a
    url: https://customer1.example
    eventTypes: []
`);
  const ran = await refused(wrong);
  expect(ran.code).toBe(2);
  expect(
    ran.err
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(`${wrong}:`, '')),
  ).toEqual([
    '4:3  customer.retrySchedule: the waits must add up to at most 86400 seconds',
    expect.stringMatching(/^7:5 {2}subscriptions\.0\.url: must not contain credentials/),
    '10:7  subscriptions.0.headers.Host: is set by Signpost or by HTTP',
    '11:5  subscriptions.1.name: a is listed twice',
    expect.stringMatching(/^13:5 {2}subscriptions\.1\.eventTypes: /),
  ]);
  const unknown = file(`customer: { id: customer1, name: Customer One, productId: nothing }
subscriptions:
  - name: a
    url: https://customer1.example
    eventTypes:
      - payment.*.v1
      - payment.confirmd.v1
`);
  const second = await refused(unknown);
  expect(
    second.err
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(`${unknown}:`, '')),
  ).toEqual([
    '1:48  customer.productId: this product does not exist',
    '7:9  subscriptions.0.eventTypes.1: payment.confirmd.v1 is not in the catalog',
  ]);
  expect((await api.must('GET', '/v1/customers')).items).toEqual([]);
});

it('requests approval of URLs when a product onboards a customer', async () => {
  const body = { name: 'p', role: 'product', productId: 'payments' };
  const { key } = await api.must('POST', '/v1/api-keys', body);
  const text = readFileSync(EXAMPLE, 'utf8').replaceAll('customer1.example', 'elsewhere.test');
  const ran = await onboard(file(text), '--key', key);
  expect(ran.code).toBe(0);
  expect(ran.json.subscriptions[0].status).toBe('awaiting-approval');
  expect((await onboard(file(text), '--key', key)).json.steps[1].action).toBe('unchanged');
});

it('challenges the endpoints, and exits with 1 if one fails', async () => {
  const text = (secret: string) => `customer: { id: c, name: C, productId: payments }
subscriptions:
  - { name: main, url: "${receiver.url('/hook')}", eventTypes: ['*'], secret: ${secret} }
checks: { challenge: true }
`;
  receiver.answerChallenges('the secret that was agreed');
  const failed = await onboard(file(text('another secret entirely')));
  expect(failed.code).toBe(1);
  expect(failed.json.checks).toMatchObject([{ subscription: 'main', check: 'challenge', passed: false }]);
  await signpost(api.url, [
    'subscriptions',
    'rotate',
    failed.json.subscriptions[0].id,
    '--secret',
    'the secret that was agreed',
  ]);
  const passed = await onboard(file(text('another secret entirely')));
  expect({ code: passed.code, checks: passed.json.checks }).toMatchObject({ code: 0, checks: [{ passed: true }] });
});

it('writes a hand-over sheet with endpoints, event fields and secret links, but no secrets', async () => {
  const sheets = ['sheet.md', 'sheet.html'].map((name) => path.join(directory, name));
  const ran = await onboard(EXAMPLE, '--hand-over', sheets[0]!, '--hand-over', sheets[1]!);
  expect(ran.code).toBe(0);
  const [markdown, html] = sheets.map((sheet) => readFileSync(sheet, 'utf8'));
  expect(markdown).toContain('# Webhook notifications for Customer One');
  expect(markdown).toContain('| confirmations | POST https://customer1.example/payment-confirmed |');
  expect(markdown).toContain('| paymentId | String | yes |');
  expect(markdown).toContain('| date | DateTime | yes |');
  expect(markdown).toContain('| amount | Number | yes |');
  expect(markdown).toContain('| reason | "account-closed" or "refused" or "unknown" | yes |');
  expect(markdown).toContain('| lines\\[\\].note | String | no |');
  expect(markdown).toContain('- Retries: up to 4, after 30 seconds, then 5 minutes, then 30 minutes, then 2 hours.\n');
  expect(markdown).toContain('- Retries for returns: up to 2, after 1 minute, then 10 minutes.\n');
  expect(html).toContain('<td>DateTime</td>');
  for (const { id } of ran.json.subscriptions) {
    const { secret } = await api.must('GET', `/v1/subscriptions/${id}/secret`);
    expect(markdown! + html! + ran.out).not.toContain(secret);
  }
  const token = /\/secret#([\w-]{43})/.exec(markdown!)![1];
  expect((await api.call('POST', '/secret', { key: null, body: { token } })).body.name).toBe('confirmations');
  expect(statSync(sheets[0]!).mode & 0o077).toBe(0);
});

it('sets up encrypted bodies, which the hand-over sheet describes, and changes nothing the second time', async () => {
  const { publicKey } = generateKeyPairSync('x25519');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-7' };
  const encrypted = file(`customer: { id: c, name: C, productId: payments }
subscriptions:
  - { name: main, url: https://customer1.example, eventTypes: ['*'], encryption: { publicKey: ${JSON.stringify(jwk)} } }
`);
  const sheet = path.join(directory, 'sheet.md');
  expect((await onboard(encrypted, '--hand-over', sheet)).code).toBe(0);
  const { items } = await api.must('GET', '/v1/subscriptions?customerId=c');
  expect(items[0].encryption).toEqual({ publicKey: jwk, algorithm: 'ECDH-ES+A256KW' });
  expect(readFileSync(sheet, 'utf8')).toContain('Requests to main are encrypted with your public key key-7');
  const { json } = await onboard(encrypted);
  expect(new Set(json.steps.map(({ action }: { action: string }) => action))).toEqual(new Set(['unchanged']));
});

it('escapes markup in the names and descriptions of a hand-over sheet', async () => {
  const sheets = ['sheet.md', 'sheet.html'].map((name) => path.join(directory, name));
  const name = 'A <script>alert(1)</script> | [x](javascript:y)';
  const bad = file(`customer: { id: c, name: "${name}", productId: payments }
subscriptions: [{ name: s, url: https://customer1.example, eventTypes: ['*'] }]
`);
  await onboard(bad, '--hand-over', sheets[0]!, '--hand-over', sheets[1]!);
  const [markdown, html] = sheets.map((sheet) => readFileSync(sheet, 'utf8'));
  expect(html).not.toContain('<script>');
  expect(html).toContain('A &lt;script&gt;alert(1)&lt;/script&gt;');
  expect(markdown).toContain('A &lt;script>alert(1)&lt;/script> \\| \\[x\\](javascript:y)');
});

it('sets nothing up if the hand-over sheet cannot be written', async () => {
  const ran = await onboard(EXAMPLE, '--hand-over', path.join(directory, 'no', 'such', 'sheet.md'));
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('ENOENT') });
  expect((await api.must('GET', '/v1/customers')).items).toEqual([]);
});

it('writes no hand-over sheet in a dry run', async () => {
  const sheet = path.join(directory, 'sheet.md');
  expect((await onboard(EXAMPLE, '--dry-run', '--hand-over', sheet)).code).toBe(0);
  expect(existsSync(sheet)).toBe(false);
});
