import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { fromSetup } from '../support/environment';
import { ADMIN_KEY, tempDir } from '../support/service';
import { until } from '../support/until';
import { copyOfTree } from './copy-of-tree';

/** `npm run dev` in a copy of the working tree, whose sources the test changes. */
const TIMEOUT_MS = 240_000;
/** The title of the answer to a request without a credential, in src/domain/problems.ts. */
const TITLE = 'A valid credential is required';
jest.setTimeout(2 * TIMEOUT_MS);

let copy: string;
let dev: ChildProcess | undefined;
let output = '';

beforeAll(() => {
  copy = copyOfTree();
});
afterAll(async () => {
  if (!dev || dev.exitCode !== null) return;
  const ended = new Promise((resolve) => dev!.once('exit', resolve));
  dev.kill('SIGTERM');
  await ended;
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Fetches until the text matches. A service that restarts does not answer. */
const eventually = (url: string, expected: RegExp) =>
  until(
    () =>
      fetch(url)
        .then((response) => response.text())
        .catch((error: Error) => error.message),
    (text) => expected.test(text),
    TIMEOUT_MS,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${output.slice(-4000)}`);
  });

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(path.join(copy, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(path.join(copy, file), text.replaceAll(from, to));
}

it('`npm run dev` serves the API and the UI, and both show a change of their sources', async () => {
  const [port, uiPort] = [await freePort(), await freePort()];
  dev = spawn(process.execPath, [path.join('scripts', 'dev.mjs')], {
    cwd: copy,
    env: {
      ...process.env,
      SIGNPOST_PORT: String(port),
      SIGNPOST_DEV_UI_PORT: String(uiPort),
      SIGNPOST_DATA_DIR: tempDir(),
      SIGNPOST_ADMIN_KEY: ADMIN_KEY,
      TEMPORAL_CLI_PATH: fromSetup('temporalCli'),
    },
  });
  for (const stream of [dev.stdout!, dev.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const api = `http://127.0.0.1:${port}/v1/products`;
  await eventually(api, /"code":"unauthenticated"/);
  edit('src/domain/problems.ts', TITLE, `${TITLE} any more`);
  await eventually(api, /any more/);

  const ui = `http://localhost:${uiPort}`;
  await eventually(`${ui}/v1/products`, /any more/);
  const main = /src="\/(src\/[^"?]+)/.exec(await (await fetch(ui)).text())![1]!;
  writeFileSync(path.join(copy, 'web', main), `// changed\n${readFileSync(path.join(copy, 'web', main), 'utf8')}`);
  await eventually(`${ui}/${main}`, /changed/);
});
