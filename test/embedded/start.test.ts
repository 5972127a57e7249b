import { existsSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { isAlive } from '../../src/embedded/processes';
import { fromSetup } from '../support/environment';
import { runToEnd, startService, tempDir } from '../support/service';

const ROOT = path.join(__dirname, '..', '..');

/** Starts and stops the whole service as a person does, with its own Postgres and Temporal. */
const partsOf = (dataDir: string): number[] => [
  Number(readFileSync(path.join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]),
  (JSON.parse(readFileSync(path.join(dataDir, 'temporal', 'server.json'), 'utf8')) as { pid: number }).pid,
];

it('the service starts its parts, keeps its data, takes over after a kill, and leaves nothing running', async () => {
  const dataDir = tempDir();
  const env = { SIGNPOST_DATA_DIR: dataDir };
  const first = await startService({ env });
  expect(first.output()).toContain(`web UI         ${first.url}/`);
  expect(first.output()).toMatch(/Temporal UI +http:\/\/127\.0\.0\.1:\d+/);
  expect(first.output()).toContain('curl -s -X POST');
  expect(first.output()).not.toContain('test-admin-key');
  expect(await first.call('POST', '/v1/products', { id: 'kept', name: 'Kept' })).toMatchObject({ status: 201 });
  const parts = partsOf(dataDir);
  for (const pid of parts) expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/SIGNPOST|KEY/);
  expect(statSync(dataDir).mode & 0o066).toBe(0);
  await first.kill9();
  expect(parts.map(isAlive)).toEqual([true, true]);

  const second = await startService({ env });
  expect(partsOf(dataDir)).toEqual(parts);
  expect(second.output().match(/was already running/g)).toHaveLength(2);
  expect(await second.call('GET', '/v1/products/kept')).toMatchObject({ status: 200 });
  const refused = await runToEnd({ ...env, SIGNPOST_PORT: '0' });
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('Signpost is already running on') });
  expect(await second.stop()).toBe(0);
  expect(parts.map(isAlive)).toEqual([false, false]);

  const third = await startService({ env: { ...env, SIGNPOST_METRICS_PORT: '0' } });
  expect((await fetch(`${third.url}/metrics`)).status).toBe(404);
  const metrics = `http://127.0.0.1:${/"port":(\d+).*metrics are served/.exec(third.output())![1]}`;
  expect(await (await fetch(`${metrics}/metrics`)).text()).toContain('signpost_');
  expect((await fetch(`${metrics}/v1/products`)).status).toBe(404);
  expect(await third.call('GET', '/v1/products/kept')).toMatchObject({ status: 200 });
  const last = partsOf(dataDir);
  // As from a terminal: Ctrl-C comes from the terminal and, a moment later, from npm.
  process.kill(third.pid, 'SIGINT');
  expect(await third.stop()).toBe(0);
  expect(last.map(isAlive)).toEqual([false, false]);
});

it('a taken port is reported in one line with the fix, and nothing is left running', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as net.AddressInfo;
  const dataDir = tempDir();
  const { code, output } = await runToEnd({
    SIGNPOST_DATA_DIR: dataDir,
    SIGNPOST_PORT: String(port),
    TEMPORAL_CLI_PATH: fromSetup('temporalCli'),
  });
  taken.close();
  expect(code).toBe(1);
  expect(output.trim().split('\n').at(-1)).toBe(
    `SIGNPOST_PORT ${port} on 127.0.0.1 is in use by another process: stop it, or set SIGNPOST_PORT to another port (0: any free one).`,
  );
  expect(output.match(/ runs on 127\.0\.0\.1:\d+$/gm)).toHaveLength(2);
  for (const trace of ['postgres/data/postmaster.pid', 'temporal/server.json'])
    expect(existsSync(path.join(dataDir, trace))).toBe(false);
});

it.each([
  [{ SIGNPOST_PORT: 'eighty' }, 'SIGNPOST_PORT is "eighty", but must be a port, 0 to 65535 (0: any free one).'],
  [
    { TEMPORAL_CLI_PATH: '/nowhere' },
    'TEMPORAL_CLI_PATH is "/nowhere", which is not an executable file. Set it to the path of the temporal command.',
  ],
  [
    { DATABASE_URL: 'postgres://u:hidden@127.0.0.1:5/x', SIGNPOST_ADMIN_KEY: 'k'.repeat(24) },
    'SIGNPOST_MASTER_KEY is not set, but required with DATABASE_URL: it must be base64 of 32 bytes (openssl rand -base64 32).',
  ],
])('an invalid setting is reported in one line: %j', async (env, line) => {
  const { code, output } = await runToEnd({
    SIGNPOST_DATA_DIR: tempDir(),
    ...(env as unknown as Record<string, string>),
  });
  expect(code).toBe(1);
  expect(output.trim().split('\n').at(-1)).toBe(line);
  expect(output).not.toMatch(/^ +at /m);
});

it('an argument starts nothing: the usage says where settings are described', async () => {
  const dataDir = tempDir();
  const help = await runToEnd({ SIGNPOST_DATA_DIR: dataDir }, ['--help']);
  expect(help).toEqual({ code: 0, output: expect.stringMatching(/^usage: npm start/) });
  const [document] = /docs\/\S+\.md/.exec(help.output)!;
  expect(existsSync(path.join(ROOT, document))).toBe(true);
  const refused = await runToEnd({ SIGNPOST_DATA_DIR: dataDir }, ['--port', '80']);
  expect(refused).toEqual({ code: 2, output: `unknown argument: --port\n\n${help.output}` });
  expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);
});
