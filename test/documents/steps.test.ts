import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ADMIN_KEY } from '../support/service';
import { useScenario } from '../support/scenario';

/**
 * The steps of docs/migrating, run as they are printed against a service that was started for this
 * file. Only the two lines of "Before the steps" are replaced: they name the service and its key.
 */
const scenario = useScenario();
const ROOT = path.join(__dirname, '..', '..');
const STEP_TIMEOUT_MS = 120_000;
jest.setTimeout(2 * STEP_TIMEOUT_MS);

/** The commands in the code blocks of the section "Steps", in order. */
function stepsOf(page: string): string[] {
  const text = readFileSync(path.join(ROOT, 'docs', 'migrating', page), 'utf8');
  const [, section = ''] = /^## Steps\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text) ?? [];
  const blocks = [...section.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.split(/^\$ /m).filter((command) => command.trim() !== ''));
}

/** Runs commands in one shell. An HTTP status above 399 fails them, as people would notice. */
async function run(commands: readonly string[]): Promise<{ code: number | null; output: string }> {
  const script = ['set -euo pipefail', 'curl() { command curl --fail-with-body "$@"; echo; }', ...commands].join('\n');
  const { url } = scenario;
  const child = spawn('bash', ['-c', script], {
    cwd: ROOT,
    env: { ...process.env, URL: url, KEY: ADMIN_KEY, SIGNPOST_URL: url, SIGNPOST_API_KEY: ADMIN_KEY },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: STEP_TIMEOUT_MS,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

/** The pages whose steps ran. */
const followed: string[] = [];

async function follow(page: string): Promise<string> {
  followed.push(page);
  const steps = stepsOf(page);
  expect(steps.length).toBeGreaterThan(3);
  const { code, output } = await run(steps);
  expect({ page, code, output: code === 0 ? '' : output }).toEqual({ page, code: 0, output: '' });
  return output;
}

/** Points a subscription of the steps to a receiver of the test, and enables it. */
async function cutOver(customerId: string, name: string): Promise<string> {
  const { items } = await scenario.must('GET', `/v1/subscriptions?customerId=${customerId}`);
  const { id } = items.find((item: { name: string }) => item.name === name);
  await scenario.must('PATCH', `/v1/subscriptions/${id}`, { url: scenario.receiver.url('/moved') });
  await scenario.must('POST', `/v1/subscriptions/${id}/enable`);
  return id;
}

it('the steps for a notification service set up a product, a customer, and events for unknown customers', async () => {
  const output = await follow('notifier.md');
  expect(output).toContain('"segment":"Payments & Cash"');
  const { items } = await scenario.must('GET', '/v1/events?customerId=not-set-up');
  expect(items).toMatchObject([{ productId: 'payments', type: 'payment.confirmed.v1' }]);
  expect((await scenario.must('GET', '/v1/subscriptions?customerId=customer1')).items).toHaveLength(2);
});

it('the steps for signed envelopes lead to a held event, which is delivered after the cut-over', async () => {
  await follow('envelope.md');
  await cutOver('PDN-922', 'claims');
  const [request] = await scenario.received(1);
  expect(JSON.parse(request!.body)).toMatchObject({
    payload: {
      details: { messageType: 'event.claim.created.v1', amount: 501 },
      messageId: '09feeb6f-350a-430a-a040-cd1c558cbc91',
      timestamp: '2021-10-14T15:33:16.848Z',
    },
  });
});

it('the steps for trigger webhooks lead to a handler whose answer the producer gets', async () => {
  await follow('trigger-webhooks.md');
  await cutOver('VA-240-990', 'Drafts');
  scenario.receiver.answerWith({ status: 200, body: '{"valid":true}' });
  const type = 'purchase_requests.draft_validation';
  const { sample } = await scenario.must('GET', `/v1/event-types/${type}`);
  const { status, body } = await scenario.call('POST', '/v1/events', {
    type,
    customerId: 'VA-240-990',
    data: sample,
    awaitResponse: 30,
  });
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { notifications: [{ lastResponse: { status: 200, body: '{"valid":true}' } }] },
  });
});

it('the steps for self-service run as an external system calls them', async () => {
  const ledger = path.join(ROOT, 'test', 'composition', 'ledger.sql');
  await scenario.source.db.query({ text: readFileSync(ledger, 'utf8') });
  const output = await follow('self-service.md');
  expect(output).toContain(
    '{"count":1,"webHooks":[{"events":["ledgerpayment"],"url":"https://localhost:5510/webservice/webhook","method":"POST","status":"enabled"}]}',
  );
  const { items } = await scenario.must('GET', '/v1/customers?productId=ledger');
  expect(items).toMatchObject([{ id: 'webhooks-ledger', audience: 'product' }]);
});

it('the steps for an admin panel lead to endpoints for the white label and for one client', async () => {
  await follow('admin-panel.md');
  await cutOver('white-label', 'all');
  await cutOver('white-label', 'one client');
  await scenario.received(2);
  const post = (channels: string[]) =>
    scenario.must('POST', '/v1/events', {
      type: 'transaction.created.v1',
      customerId: 'another-company',
      channels,
      data: { id: 'T-2' },
    });
  expect((await post(['client_1'])).notifications).toHaveLength(1);
  expect((await post(['client_1bd942c0-4cec-486f-be7a-7b14118ad4ad'])).notifications).toHaveLength(2);
});

it('the steps of every page about moving have run', () => {
  const pages = readdirSync(path.join(ROOT, 'docs', 'migrating')).filter((page) => page !== 'README.md');
  expect(followed.sort()).toEqual(pages.sort());
});
