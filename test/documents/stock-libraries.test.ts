import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import type { ReceivedRequest } from '../support/receiver';
import { onboard, tempDir } from '../support/service';
import { useScenario } from '../support/scenario';
import { installedPythonPackages, itWith } from './toolchains';

/** What receivers get, checked with the libraries that receivers use, each in its own language. */
const scenario = useScenario();
const STOCK = path.join(__dirname, 'stock');

interface Message {
  secret: string;
  headers: Record<string, string>;
  body: string;
}
/** Messages, and whether a library must accept them. */
let cases: { name: string; message: Message; good: boolean }[];

const messageOf = ({ headers, body }: ReceivedRequest, secret: string): Message => ({
  secret,
  body,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('webhook-'))) as Record<
    string,
    string
  >,
});

beforeAll(async () => {
  const customer = await onboard(scenario, scenario.receiver.url('/stock'));
  await customer.post();
  await scenario.receiver.waitFor(1);
  await customer.post({ data: { payer: 'Zoë Ångström – 支払い 😀', amount: 125.5 } });
  await scenario.receiver.waitFor(2);
  const rotate = `/v1/subscriptions/${customer.subscriptionId}/secret/rotate`;
  const { secret: rotated } = await scenario.must('POST', rotate, {});
  await customer.post();
  await scenario.receiver.waitFor(3);
  const [plain, foreign, both] = scenario.receiver.requests as [ReceivedRequest, ReceivedRequest, ReceivedRequest];
  const good = (name: string, request: ReceivedRequest, secret: string) => ({
    name,
    message: messageOf(request, secret),
    good: true,
  });
  const changed = { ...plain, body: plain.body.replace('125.5', '1255') };
  cases = [
    good('a plain message', plain, customer.secret),
    good('text in several languages', foreign, customer.secret),
    good('a rotation, by the new secret', both, rotated),
    good('a rotation, by the previous secret', both, customer.secret),
    { name: 'a changed body', message: messageOf(changed, customer.secret), good: false },
    { name: 'a different secret', message: messageOf(plain, rotated), good: false },
  ];
});

/** Runs a program on the messages. @returns its answer for each */
async function ask(command: string, args: string[], messages: object[], env: object = {}): Promise<unknown[]> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stdin.end(JSON.stringify(messages));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}`);
  return JSON.parse(out) as unknown[];
}

const verdicts = (answers: unknown[]) => cases.map(({ name }, index) => [name, Boolean(answers[index])]);
const expected = () => cases.map(({ name, good }) => [name, good]);

it('the JavaScript library accepts every valid message and no other', () => {
  const answers = cases.map(({ message: { secret, body, headers } }) => {
    try {
      return new Webhook(secret).verify(body, headers) !== undefined;
    } catch {
      return false;
    }
  });
  expect(verdicts(answers)).toEqual(expected());
});

itWith(
  'Python with pip',
  ['python3', '-m', 'pip', '--version'],
  'the Python libraries accept every valid message and no other, and the JWT of format trigger',
  async () => {
    const packages = installedPythonPackages();
    const secret = 'a shared secret that is long enough for HS256';
    const customer = await onboard(scenario, scenario.receiver.url('/jwt'), { format: 'trigger', secret });
    await customer.post();
    const [request] = await scenario.received(1);
    const token = String(request!.headers.authorization).replace('Bearer ', '');
    const forged = token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA');
    const tokens = [
      { secret, token },
      { secret: 'another secret that is long enough for HS256', token },
      { secret, token: forged },
    ];
    const messages = [...cases.map(({ message }) => message), ...tokens];
    const answers = await ask('python3', [path.join(STOCK, 'verify.py')], messages, { PYTHONPATH: packages });
    expect(verdicts(answers)).toEqual(expected());
    const { exp, ...claims } = answers[cases.length] as { exp: number };
    expect(claims).toEqual(JSON.parse(request!.body));
    expect(exp).toBeGreaterThan(Date.now() / 1000);
    expect(answers.slice(cases.length + 1)).toEqual([false, false]);
  },
);

itWith('Go', ['go', 'version'], 'the Go library accepts every valid message and no other', async () => {
  const directory = tempDir();
  cpSync(STOCK, directory, { recursive: true });
  const binary = path.join(directory, 'verify');
  expect(spawnSync('go', ['build', '-o', binary, '.'], { cwd: directory, stdio: 'inherit' }).status).toBe(0);
  expect(existsSync(binary)).toBe(true);
  const answers = await ask(
    binary,
    [],
    cases.map(({ message }) => message),
  );
  expect(verdicts(answers)).toEqual(expected());
});
