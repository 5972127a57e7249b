import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { LockLostError } from '../../../sdk/src';
import { tempDir } from '../../support/service';
import { until } from '../../support/until';
import { directoryOf, event, problem, scriptedApi } from './scripted-api';

const SDK = path.join(__dirname, '..', '..', '..', 'sdk', 'dist', 'cjs');
const PAUSE_SECONDS = 31;
let directory: string;
let lock: string;
beforeEach(() => {
  directory = tempDir();
  lock = path.join(directory, 'lock');
});

/** Makes the lock as old as if its owner had been paused. */
function age(): void {
  const time = new Date(Date.now() - PAUSE_SECONDS * 1000);
  utimesSync(lock, time, time);
}

/** What another process does that finds the stale lock. */
function takeOver(): void {
  writeFileSync(lock, JSON.stringify({ pid: 4711, host: 'another-host', token: 'other' }));
}

describe('a process that is stopped by SIGSTOP', () => {
  let child: ChildProcess;
  let server: Server;
  /** Ids of the events in each request of the paused process, and the responses it waits for. */
  let requests: string[][];
  let held: ServerResponse[];
  let output: string;

  beforeEach(async () => {
    [requests, held, output] = [[], [], ''];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        requests.push((JSON.parse(body) as { events: { id: string }[] }).events.map(({ id }) => id));
        held.push(response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const script = path.join(directory, 'producer.js');
    const options = {
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      apiKey: 'k',
      retry: { retries: 3, firstDelayMs: 50, maxDelayMs: 50 },
    };
    writeFileSync(
      script,
      `const { Signpost } = require(${JSON.stringify(SDK)});
       (async () => {
         const outbox = await new Signpost(${JSON.stringify(options)}).openOutbox({
           directory: ${JSON.stringify(directory)},
           retryDelayMs: 5,
           onFault: ({ name }) => console.log('fault', name),
         });
         await outbox.send({ id: 'first', type: 'paid.v1', data: {} });
         setInterval(() => undefined, 60_000);
         process.on('SIGUSR2', () => outbox.send({ id: 'later', type: 'paid.v1', data: {} })
           .then(() => console.log('sent'), ({ name }) => console.log('rejected', name)));
         console.log('ready');
       })();`,
    );
    child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until(
      async () => output.includes('ready') && requests.length,
      (ready) => ready === 1,
    );
    child.kill('SIGSTOP');
    age();
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    [
      'its request was accepted',
      (response: ServerResponse) => response.end('{"results":[{"status":202,"id":"first"}]}'),
    ],
    ['its request failed', (response: ServerResponse) => response.destroy()],
  ])('neither sends nor deletes after it lost the directory, although %s', async (_, answer) => {
    // The new owner keeps the event, because its own requests fail.
    const api = scriptedApi();
    api.replies = Array(10_000).fill(undefined);
    const owner = await api.open(directory, { retryDelayMs: 60_000 });
    await api.failed(1);
    expect(owner.size).toBe(1);
    answer(held[0]!);
    child.kill('SIGCONT');
    await until(
      async () => output,
      (text) => text.includes('fault LockLostError'),
    );
    child.kill('SIGUSR2');
    await until(
      async () => output,
      (text) => text.includes('rejected LockLostError'),
    );
    expect(requests).toEqual([['first']]);
    expect(directoryOf(directory).events()).toHaveLength(1);
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ pid: process.pid });
    await owner.close();
  });
});

it('an outbox that lost its directory rejects send and flush, and close leaves the lock of the other', async () => {
  const api = scriptedApi();
  const outbox = await api.open(directory);
  takeOver();
  await expect(outbox.send(event(1))).rejects.toThrow(LockLostError);
  await expect(outbox.send(event(2))).rejects.toThrow('was taken over by process 4711 on host another-host');
  await expect(outbox.flush()).rejects.toThrow(LockLostError);
  await outbox.close();
  expect(existsSync(lock)).toBe(true);
  expect(api.faults).toEqual([expect.any(LockLostError)]);
  expect(directoryOf(directory).events()).toEqual([]);
});

it('an outbox that loses its directory between two retries does not send the second', async () => {
  const api = scriptedApi();
  api.replies = [() => (takeOver(), problem(503))];
  const outbox = await api.open(directory);
  await outbox.send(event(1));
  await api.failed(1);
  await expect(outbox.flush()).rejects.toThrow(LockLostError);
  expect(api.requests).toHaveLength(1);
  expect(directoryOf(directory).events()).toHaveLength(1);
  await outbox.close();
});

it('an outbox that loses its directory during a request keeps refused events for the other process', async () => {
  const api = scriptedApi();
  api.replies = [(events) => (takeOver(), events.map(() => ({ status: 422 })))];
  const outbox = await api.open(directory);
  await outbox.send(event(1));
  await api.failed(1);
  expect(api.faults).toEqual([expect.any(LockLostError)]);
  expect(directoryOf(directory).refused()).toEqual([]);
  expect(directoryOf(directory).events()).toHaveLength(1);
  await outbox.close();
});

it('an outbox whose lock was deleted locks its directory again', async () => {
  const api = scriptedApi();
  const outbox = await api.open(directory);
  unlinkSync(lock);
  await outbox.send(event(1));
  await outbox.flush();
  await expect(api.open(directory)).rejects.toThrow('in use by process');
  expect(statSync(lock).size).toBeGreaterThan(0);
  await outbox.close();
  expect(readdirSync(directory)).toEqual(['refused']);
});
