import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { Signpost, type SignpostError } from '../../../sdk/src';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';
import { tempDir } from '../../support/service';
import { until } from '../../support/until';

const SDK = path.join(__dirname, '..', '..', '..', 'sdk', 'dist', 'cjs');
const NOWHERE = 'http://127.0.0.1:1';
const retry = { retries: 0, firstDelayMs: 1, maxDelayMs: 5 };
let api: TestApi;
let directory: string;

beforeAll(async () => {
  api = await startTestApi();
  await api.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
  await api.must('PUT', '/v1/event-types/paid.v1', {
    productId: 'p',
    schema: { type: 'object', required: ['number'], properties: { number: { type: 'integer' } } },
  });
  await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId: 'p' });
});
afterAll(() => api.stop());
beforeEach(() => {
  directory = tempDir();
});

const at = (baseUrl: string) => new Signpost({ baseUrl, apiKey: ADMIN_KEY, retry });
const event = (number: unknown) => ({ type: 'paid.v1', customerId: 'c', data: { number } as object });
const waiting = () => readdirSync(directory).filter((file) => file.endsWith('.json'));
const refusedFiles = (): unknown[] => {
  const folder = path.join(directory, 'refused');
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
};
/** The numbers of the accepted events, in the order of acceptance. */
async function accepted(ids: string[]): Promise<unknown[]> {
  const { rows } = await api.database.db.query<{ number: unknown }>({
    text: "select data->>'number' as number from events where given_id = any($1) order by id",
    values: [ids],
  });
  return rows.map(({ number }) => Number(number));
}

it('the outbox sends events in order and deletes their files', async () => {
  const outbox = await at(api.url).openOutbox({ directory });
  const ids = [];
  for (let number = 0; number < 25; number++) ids.push(await outbox.send(event(number)));
  await outbox.flush();
  expect(await accepted(ids)).toEqual(Array.from({ length: 25 }, (_, index) => index));
  expect(waiting()).toEqual([]);
  await outbox.close();
});

it('events added while Signpost is unreachable are sent by the next process', async () => {
  const offline = await at(NOWHERE).openOutbox({ directory, retryDelayMs: 5 });
  const ids = [await offline.send(event(1)), await offline.send(event(2))];
  expect(offline.size).toBe(2);
  await offline.close();
  const online = await at(api.url).openOutbox({ directory });
  ids.push(await online.send(event(3)));
  await online.flush();
  expect(await accepted(ids)).toEqual([1, 2, 3]);
  await online.close();
});

it('a permanently refused event is stored in refused/ and does not block later ones', async () => {
  const refused: [object, string][] = [];
  const onRefused = (given: object, problem: SignpostError) => void refused.push([given, problem.code]);
  const outbox = await at(api.url).openOutbox({ directory, onRefused });
  const ids = [await outbox.send(event(1)), await outbox.send(event('one')), await outbox.send(event(3))];
  await outbox.flush();
  expect(await accepted(ids)).toEqual([1, 3]);
  expect(refused).toMatchObject([[{ id: ids[1] }, 'data-breaks-schema']]);
  expect(refusedFiles()).toMatchObject([
    { event: { id: ids[1] }, problem: { status: 422, code: 'data-breaks-schema' } },
  ]);
  await outbox.close();
});

it('no event is lost when the process is killed', async () => {
  const script = path.join(directory, 'producer.js');
  writeFileSync(
    script,
    `const { Signpost } = require(${JSON.stringify(SDK)});
     (async () => {
       const signpost = new Signpost(${JSON.stringify({ baseUrl: api.url, apiKey: ADMIN_KEY, retry })});
       const outbox = await signpost.openOutbox({ directory: ${JSON.stringify(path.join(directory, 'outbox'))} });
       for (let number = 0; ; number++) console.log(await outbox.send({ type: 'paid.v1', customerId: 'c', data: { number } }));
     })();`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await until(
    async () => out.split('\n').length,
    (lines) => lines > 60,
  );
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  // Every printed id was confirmed to the producer; the last line may be cut.
  const confirmed = out.split('\n').slice(0, -1);
  directory = path.join(directory, 'outbox');
  const outbox = await at(api.url).openOutbox({ directory });
  await outbox.flush();
  expect(confirmed.length).toBeGreaterThan(50);
  expect(await accepted(confirmed)).toEqual(confirmed.map((_, index) => index));
  await outbox.close();
});

it('an outbox directory is locked until it is closed', async () => {
  const outbox = await at(api.url).openOutbox({ directory });
  await expect(at(api.url).openOutbox({ directory })).rejects.toThrow(`in use by process ${process.pid} `);
  await outbox.close();
  await (await at(api.url).openOutbox({ directory })).close();
  await expect(outbox.send(event(1))).rejects.toThrow('closed');
});

it('the stale lock of a dead process is taken over, even if its pid is reused', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const lock = path.join(directory, 'lock');
  const long = new Date(Date.now() - 3_600_000);
  for (const owner of [
    { pid: dead, host: hostname(), token: 'a' },
    { pid: process.pid, host: hostname(), token: 'b' },
    { pid: 1, host: 'another-container', token: 'c' },
    'half written',
  ]) {
    writeFileSync(lock, JSON.stringify(owner));
    utimesSync(lock, long, long);
    const outbox = await at(api.url).openOutbox({ directory });
    await outbox.close();
    expect(existsSync(lock)).toBe(false);
  }
  writeFileSync(lock, JSON.stringify({ pid: 1, host: 'another-container', token: 'd' }));
  await expect(at(api.url).openOutbox({ directory })).rejects.toThrow('another-container');
});

it.each([
  ['an error', new Error('the log is full')],
  ['anything else', { any: 'thing' }],
])('the outbox continues when onRefused throws %s', async (_, thrown) => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
  const onRefused = () => {
    throw thrown;
  };
  const outbox = await at(api.url).openOutbox({ directory, onRefused });
  const ids = [await outbox.send(event('one')), await outbox.send(event(2))];
  await outbox.flush();
  expect(await accepted(ids)).toEqual([2]);
  expect(warn).toHaveBeenCalledWith(`A callback of the outbox threw: ${String(thrown)}`);
  warn.mockRestore();
  await outbox.close();
});
