import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { accepts, freePort } from '../../src/embedded/processes';
import { onboard, tempDir } from '../support/service';
import { useScenario } from '../support/scenario';
import { until } from '../support/until';
import { installedJar, installedPythonPackages, itWith } from './toolchains';

/** The receivers of docs/receivers/receiving.md, run as the page prints them. */
const scenario = useScenario();
const ROOT = path.join(__dirname, '..', '..');
const page = readFileSync(path.join(ROOT, 'docs', 'receivers', 'receiving.md'), 'utf8');
const PORT = '9000';
/** There is no toolchain for these here: they are written from the sources of the libraries. */
const NOT_EXECUTED = ['csharp', 'php'];
const EXECUTED = ['js', 'python', 'go', 'java'];

let running: ChildProcess | undefined;
afterEach(() => {
  // A build tool may have started the receiver as a child of its own.
  if (running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL');
  running = undefined;
});

/** The first snippet of a language, with another port. */
function snippetOf(language: string, port: number): string {
  const code = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page)?.[1];
  expect(code).toContain(PORT);
  return code!.replace(PORT, String(port));
}

/**
 * Starts a receiver and lets the service deliver to it.
 *
 * @param prepare - writes the program. Returns the command that runs it
 */
async function expectToReceive(
  prepare: (port: number) => { command: string[]; cwd: string; env?: object },
): Promise<void> {
  const port = await freePort(0);
  const url = `http://127.0.0.1:${port}/payment-confirmed`;
  const customer = await onboard(scenario, url, { retrySchedule: [] });
  const { command, cwd, env } = prepare(port);
  let output = '';
  running = spawn(command[0]!, command.slice(1), {
    cwd,
    env: { ...process.env, ...env, SIGNPOST_SECRET: customer.secret },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of [running.stdout!, running.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(
    async () => running!.exitCode !== null || (await accepts(port)),
    (is) => is,
    120_000,
  );
  if (running.exitCode !== null) throw new Error(`The receiver ended: ${output}`);
  const [id] = await customer.post({ data: { paymentId: 'P-1', payer: 'Zoë 支払い' } });
  await scenario.reaches(id!, 'delivered');
  await until(
    async () => output,
    (text) => text.includes(customer.eventType),
  );
  const forged = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'webhook-signature': 'v1,AAAA',
  };
  for (const headers of [{}, forged]) {
    const response = await fetch(url, { method: 'POST', body: '{"type":"forged"}', headers: { ...headers } });
    expect(response.status).toBe(401);
  }
  expect(output).not.toContain('forged');
}

it('docs/receivers/receiving.md has a receiver for each language that is run here or listed as not run', () => {
  const languages = [...page.matchAll(/^```(\w+)\n/gm)].map(([, language]) => language!);
  const receivers = new Set(languages.filter((language) => !['json', 'ts'].includes(language)));
  expect([...receivers].sort()).toEqual([...EXECUTED, ...NOT_EXECUTED].sort());
});

it('the receiver in JavaScript receives deliveries and answers 401 to others', async () => {
  // Within the checkout, so that it finds the packages.
  const directory = path.join(ROOT, 'test-output', 'receiver');
  await expectToReceive((port) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'receiver.mjs'), snippetOf('js', port));
    return { command: [process.execPath, 'receiver.mjs'], cwd: directory };
  });
});

itWith(
  'Python with pip',
  ['python3', '-m', 'pip', '--version'],
  'the receiver in Python receives deliveries and answers 401 to others',
  () =>
    expectToReceive((port) => {
      const cwd = tempDir();
      writeFileSync(path.join(cwd, 'receiver.py'), snippetOf('python', port));
      return { command: ['python3', 'receiver.py'], cwd, env: { PYTHONPATH: installedPythonPackages() } };
    }),
);

itWith('Go', ['go', 'version'], 'the receiver in Go receives deliveries and answers 401 to others', () =>
  expectToReceive((port) => {
    const cwd = tempDir();
    // The versions that the other tests have in the module cache.
    for (const file of ['go.mod', 'go.sum']) cpSync(path.join(__dirname, 'stock', file), path.join(cwd, file));
    writeFileSync(path.join(cwd, 'receiver.go'), snippetOf('go', port));
    expect(spawnSync('go', ['build', '-o', 'receiver', '.'], { cwd, stdio: 'inherit' }).status).toBe(0);
    return { command: [path.join(cwd, 'receiver')], cwd };
  }),
);

itWith(
  'Java with Maven',
  ['mvn', '--version'],
  'the receiver in Java receives deliveries and answers 401 to others',
  () =>
    expectToReceive((port) => {
      const cwd = tempDir();
      writeFileSync(path.join(cwd, 'Receiver.java'), snippetOf('java', port));
      const artifact = /-Dartifact=(\S+)/.exec(page)![1]!;
      return { command: ['java', '-cp', installedJar(artifact), 'Receiver.java'], cwd };
    }),
);
