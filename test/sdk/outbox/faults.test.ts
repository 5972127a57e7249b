import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SignpostUnreachableError, type SignpostError } from '../../../sdk/src';
import { tempDir } from '../../support/service';
import { until } from '../../support/until';
import { event, problem, scriptedApi, type ScriptedApi } from './scripted-api';

let directory: string;
let api: ScriptedApi;
beforeEach(() => {
  directory = tempDir();
  api = scriptedApi();
});

const eventFiles = () => readdirSync(directory).filter((name) => name.endsWith('.json'));
const refusedDirectory = () => path.join(directory, 'refused');
const refusedFiles = () => readdirSync(refusedDirectory());
const refusedEvents = () =>
  refusedFiles()
    .map((name) => JSON.parse(readFileSync(path.join(refusedDirectory(), name), 'utf8')).event.id as string)
    .sort();
const eventFile = (number: number, ...events: unknown[]) =>
  writeFileSync(
    path.join(directory, `${String(number).padStart(12, '0')}-${events.length}.json`),
    JSON.stringify(events),
  );
const failed = (count: number) =>
  until(
    async () => api.faults.length,
    (faults) => faults >= count,
  );

describe('temporary failures', () => {
  it.each([401, 403, 408, 429, 500, 502, 503, 504])(
    'an outbox keeps its events while requests are answered with %i, and sends them later',
    async (status) => {
      api.replies = [problem(status), problem(status)];
      const outbox = await api.open(directory);
      await outbox.send(event(1));
      await failed(2);
      await outbox.send(event(2));
      await outbox.flush();
      expect(api.accepted).toEqual([1, 2]);
      expect(api.refused).toEqual([]);
      expect(refusedFiles()).toEqual([]);
      expect(eventFiles()).toEqual([]);
      expect(api.faults).toHaveLength(2);
      expect(api.faults[0]!.cause).toMatchObject({ name: 'SignpostError', status });
      await outbox.close();
    },
  );

  it.each([401, 403, 408, 429, 500, 503])(
    'an outbox keeps an event whose result in a batch is %i, and sends it later',
    async (status) => {
      api.replies = [[{ status, code: 'scripted' }]];
      const outbox = await api.open(directory);
      await outbox.send(event(1));
      await outbox.flush();
      expect(api.accepted).toEqual([1]);
      expect([api.refused, refusedFiles()]).toEqual([[], []]);
      expect(api.faults).toMatchObject([{ name: 'SignpostError', status }]);
      await outbox.close();
    },
  );

  it('an outbox sends an event again with the same id and time if the connection breaks', async () => {
    api.replies = [undefined];
    const outbox = await api.open(directory);
    const id = await outbox.send(event(1));
    await outbox.flush();
    expect(api.requests).toHaveLength(2);
    expect(api.requests[1]).toEqual(api.requests[0]);
    expect(api.requests[0]).toEqual([
      { ...event(1), id, timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
    ]);
    expect(api.faults[0]!.cause).toBeInstanceOf(SignpostUnreachableError);
    await outbox.close();
  });

  it('an outbox waits for retryDelayMs between attempts, a second by default', async () => {
    const times: number[] = [];
    api.replies = [undefined, undefined].map((reply) => () => (times.push(Date.now()), reply));
    const patientApi = scriptedApi();
    patientApi.replies = [undefined];
    const patient = await patientApi.open(tempDir(), { retryDelayMs: 600_000 });
    await patient.send(event(1));
    const outbox = await api.open(directory, { retryDelayMs: undefined });
    await outbox.send(event(1));
    await failed(2);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    expect(patientApi.requests).toHaveLength(1);
    await Promise.all([outbox.close(), patient.close()]);
  });

  it('an outbox does not need callbacks', async () => {
    api.replies = [undefined, [{ status: 422 }]];
    const outbox = await api.open(directory, { onFault: undefined, onRefused: undefined });
    await outbox.send(event(1));
    await outbox.flush();
    expect(refusedFiles()).toHaveLength(1);
    await outbox.close();
  });
});

describe('permanent refusals', () => {
  it.each([400, 404, 409, 413, 422])(
    'an outbox stores an event in refused/ after %i, before it reports it',
    async (status) => {
      let storedFirst: unknown;
      const onRefused = (given: object, { code }: SignpostError) => {
        storedFirst = { files: refusedFiles().length, waiting: eventFiles().length, given, code };
      };
      api.replies = [(events) => events.map(() => ({ status, code: 'wrong' }))];
      const outbox = await api.open(directory, { onRefused });
      const id = await outbox.send(event(1));
      await outbox.send(event(2));
      await outbox.flush();
      expect(storedFirst).toMatchObject({ files: 1, waiting: expect.any(Number), given: { id }, code: 'wrong' });
      const [file] = refusedFiles();
      expect(JSON.parse(readFileSync(path.join(refusedDirectory(), file!), 'utf8'))).toMatchObject({
        event: { ...event(1), id },
        problem: { status, code: 'wrong' },
      });
      expect(api.accepted).toEqual([2]);
      expect(api.faults).toEqual([]);
      await outbox.close();
    },
  );

  it('an outbox stores a refused event once although an event beside it must be sent again', async () => {
    eventFile(1, ...[1, 2, 3].map((number) => ({ id: `a${number}`, ...event(number) })));
    const mixed = [{ status: 422 }, { status: 503 }, { status: 202 }];
    api.replies = [mixed, mixed, [{ status: 422 }, { status: 202 }, { status: 202 }]];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests.map((events) => events.length)).toEqual([3, 3, 3]);
    expect(api.refused).toHaveLength(1);
    expect(refusedFiles()).toHaveLength(1);
    expect(refusedEvents()).toEqual(['a1']);
    expect(eventFiles()).toEqual([]);
    await outbox.close();
  });

  it('an outbox matches results to events across files', async () => {
    for (const number of [1, 2, 3]) eventFile(number, { id: `a${number}`, ...event(number) });
    eventFile(4, { id: 'a4', ...event(4) }, { id: 'a5', ...event(5) });
    api.replies = [[202, 422, 202, 202, 409].map((status) => ({ status }))];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.refused.map(({ event: { id }, problem: { status } }) => [id, status])).toEqual([
      ['a2', 422],
      ['a5', 409],
    ]);
    expect(refusedEvents()).toEqual(['a2', 'a5']);
    await outbox.close();
  });
});

describe('files', () => {
  it.each([
    ['garbage', 'garbage'],
    ['an empty text', ''],
    ['half of an array', '[{"id":"a","type":"paid.v1"'],
    ['an object', '{"id":"a"}'],
    ['events without ids', '[{"type":"paid.v1"}]'],
    ['a null among events', '[{"id":"a"},null]'],
    ['an event whose id is not text', '[{"id":7}]'],
  ])('a file with %s is moved to refused/ unchanged and does not block later ones', async (_, content) => {
    eventFile(1, { id: 'a1', ...event(1) });
    writeFileSync(path.join(directory, '000000000002-1.json'), content);
    eventFile(3, { id: 'a3', ...event(3) });
    const outbox = await api.open(directory);
    await outbox.send(event(4));
    await outbox.flush();
    expect(api.accepted).toEqual([1, 3, 4]);
    expect(api.faults.map(({ message }) => message)).toEqual([expect.stringContaining('000000000002-1.json')]);
    expect(refusedFiles()).toEqual([expect.stringMatching(/^\d+-000000000002-1\.json\.spoiled$/)]);
    expect(readFileSync(path.join(refusedDirectory(), refusedFiles()[0]!), 'utf8')).toBe(content);
    expect(outbox.size).toBe(0);
    await outbox.close();
  });

  it('a corrupt file between others does not lose them if sending fails', async () => {
    eventFile(1, { id: 'a1', ...event(1) });
    writeFileSync(path.join(directory, '000000000002-1.json'), 'garbage');
    eventFile(3, { id: 'a3', ...event(3) });
    api.replies = [undefined];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.accepted).toEqual([1, 3]);
    expect(eventFiles()).toEqual([]);
    await outbox.close();
  });

  it('an outbox with nothing but corrupt files ends up empty', async () => {
    for (const number of [1, 2]) writeFileSync(path.join(directory, `00000000000${number}-1.json`), 'garbage');
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(refusedFiles()).toHaveLength(2);
    expect(api.faults).toHaveLength(2);
    expect(api.requests).toEqual([]);
    await outbox.close();
  });

  it('a file that someone deleted is skipped', async () => {
    eventFile(1, { id: 'a1', ...event(1) });
    eventFile(2, { id: 'a2', ...event(2) });
    api.replies = [() => (rmSync(path.join(directory, '000000000001-1.json')), undefined)];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests.map((events) => events.map(({ id }) => id))).toEqual([['a1', 'a2'], ['a2']]);
    expect(api.faults).toHaveLength(1);
    await outbox.close();
  });

  it('partial files of a crash are deleted, other files are left alone', async () => {
    writeFileSync(path.join(directory, '000000000001-1.json.part'), '[{"id":"a"');
    for (const name of ['notes.txt', '1-1.json', '000000000001.json'])
      writeFileSync(path.join(directory, name), '[{"id":"a"}]');
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests).toEqual([]);
    expect(readdirSync(directory).sort()).toEqual(['000000000001.json', '1-1.json', 'lock', 'notes.txt', 'refused']);
    await outbox.close();
  });

  it('new files continue the numbers of those that an earlier process left', async () => {
    eventFile(8, { id: 'a8', ...event(8) });
    eventFile(41, { id: 'a41', ...event(41) });
    api.replies = [undefined];
    const outbox = await api.open(directory, { retryDelayMs: 60_000 });
    await outbox.send(event(42));
    expect(eventFiles()).toEqual(['000000000008-1.json', '000000000041-1.json', '000000000042-1.json']);
    expect(outbox.size).toBe(3);
    await outbox.close();
    const next = await api.open(directory);
    await next.flush();
    expect(api.accepted).toEqual([8, 41, 42]);
    await next.close();
  });

  it('send rejects if the event cannot be written, and later events are still accepted', async () => {
    const outbox = await api.open(directory);
    rmSync(directory, { recursive: true });
    await expect(outbox.send(event(1))).rejects.toMatchObject({ code: 'ENOENT' });
    mkdirSync(refusedDirectory(), { recursive: true });
    await outbox.send(event(2));
    await outbox.flush();
    expect(api.accepted).toEqual([2]);
    await outbox.close();
  });

  it('a file that could not be written leaves nothing behind', async () => {
    const outbox = await api.open(directory);
    mkdirSync(path.join(directory, '000000000001-1.json'));
    await expect(outbox.send(event(1))).rejects.toThrow();
    expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([]);
    await outbox.send(event(2));
    await outbox.flush();
    expect(api.accepted).toEqual([2]);
    await outbox.close();
  });

  it('an outbox that cannot be opened releases the directory', async () => {
    const part = path.join(directory, '000000000001-1.json.part');
    mkdirSync(part);
    await expect(api.open(directory)).rejects.toThrow();
    rmdirSync(part);
    await (await api.open(directory)).close();
  });

  it('send rejects an event that is not JSON without affecting others', async () => {
    const outbox = await api.open(directory);
    const bigint = { ...event(1), data: { number: 1n } };
    const results = await Promise.allSettled([outbox.send(bigint), outbox.send(event(2))]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await outbox.flush();
    expect(api.accepted).toEqual([2]);
    await outbox.close();
  });
});

describe('groups', () => {
  it('events that are added concurrently share files of at most 200 and are sent in order', async () => {
    let release!: () => void;
    const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    api.replies = [held];
    const outbox = await api.open(directory);
    const numbers = Array.from({ length: 450 }, (_, index) => index);
    const ids = await Promise.all(numbers.map((number) => outbox.send(event(number))));
    // The first event is written alone; the others gather while that is in progress.
    const [first, second, third, fourth] = eventFiles().map((name) => Number(/-(\d+)/.exec(name)![1]));
    expect([first, second, third, fourth]).toEqual([1, 200, 200, 49]);
    expect(outbox.size).toBe(450);
    release();
    await outbox.flush();
    expect(api.accepted).toEqual(numbers);
    expect(api.requests.at(-1)!.at(-1)!.id).toBe(ids.at(-1));
    expect(new Set(ids).size).toBe(450);
    expect([outbox.size, eventFiles()]).toEqual([0, []]);
    await outbox.close();
  });

  it('small files that wait are sent together, up to about 200 events in a request', async () => {
    for (let number = 1; number <= 450; number++) eventFile(number, { id: `a${number}`, ...event(number) });
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests.map((events) => events.length)).toEqual([200, 200, 50]);
    expect(api.accepted).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
    await outbox.close();
  });
});

describe('ids and timestamps', () => {
  it.each([
    ['neither', {}, { id: expect.any(String), timestamp: expect.any(String) }],
    [
      'a timestamp',
      { timestamp: '2026-01-31T12:00:00Z' },
      { id: expect.any(String), timestamp: '2026-01-31T12:00:00Z' },
    ],
    [
      'an id and a timestamp',
      { id: 'own', timestamp: '2026-01-31T12:00:00Z' },
      { id: 'own', timestamp: '2026-01-31T12:00:00Z' },
    ],
    ['an id', { id: 'own' }, { id: 'own' }],
  ])('an event with %s gets only what it needs', async (_, given, expected) => {
    const outbox = await api.open(directory);
    const id = await outbox.send({ ...event(1), ...given });
    await outbox.flush();
    expect(api.requests).toEqual([[{ ...event(1), ...expected }]]);
    expect(api.requests[0]![0]!.id).toBe(id);
    await outbox.close();
  });

  it('the timestamp is the time of adding, not of sending', async () => {
    const before = Date.now();
    api.replies = [undefined];
    const outbox = await api.open(directory, { retryDelayMs: 50 });
    await outbox.send(event(1));
    const added = Date.now();
    await outbox.flush();
    const stamped = Date.parse(api.requests[1]![0]!.timestamp!);
    expect(stamped).toBeGreaterThanOrEqual(before);
    expect(stamped).toBeLessThanOrEqual(added);
    await outbox.close();
  });
});

describe('flush and close', () => {
  it('flush of an empty outbox resolves', async () => {
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests).toEqual([]);
    await outbox.close();
  });

  it('flush waits for events that are still being written, and for the response', async () => {
    let answered = false;
    api.replies = [
      async (events) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        answered = true;
        return events.map(() => ({ status: 202 }));
      },
    ];
    const outbox = await api.open(directory);
    const sending = outbox.send(event(1));
    await outbox.flush();
    expect(answered).toBe(true);
    expect(eventFiles()).toEqual([]);
    await sending;
    await outbox.close();
  });

  it('flush rejects on a closed outbox', async () => {
    const outbox = await api.open(directory);
    await outbox.close();
    await expect(outbox.flush()).rejects.toThrow('The outbox is closed');
  });

  it('close rejects a pending flush and keeps the events', async () => {
    api.replies = Array(100).fill(undefined);
    const outbox = await api.open(directory);
    await outbox.send(event(1));
    const flushed = expect(outbox.flush()).rejects.toThrow('The outbox is closed');
    await outbox.close();
    await flushed;
    expect(eventFiles()).toEqual(['000000000001-1.json']);
  });

  it('close ends the wait between attempts, and the directory is free afterwards', async () => {
    api.replies = [undefined];
    const outbox = await api.open(directory, { retryDelayMs: 600_000 });
    await outbox.send(event(1));
    await failed(1);
    await Promise.all([outbox.close(), outbox.close()]);
    expect(readdirSync(directory).sort()).toEqual(['000000000001-1.json', 'refused']);
    expect(api.requests).toHaveLength(1);
    expect(api.faults).toHaveLength(1);
    await (await api.open(directory)).close();
  });

  it('close aborts a request in flight without reporting a fault', async () => {
    const api = scriptedApi();
    api.replies = [() => new Promise((resolve) => setTimeout(() => resolve([{ status: 202 }]), 50))];
    const outbox = await api.open(directory);
    await outbox.send(event(1));
    await until(
      async () => api.requests.length,
      (requests) => requests === 1,
    );
    await outbox.close();
    expect(api.faults).toEqual([]);
    expect(eventFiles()).toEqual(['000000000001-1.json']);
  });

  it('close waits for a response that is being read, before it releases the directory', async () => {
    const results = JSON.stringify({ results: [{ status: 202, id: 'a', duplicate: false, notifications: [] }] });
    api.replies = [
      new Response(
        new ReadableStream({
          start: (controller) =>
            void setTimeout(() => {
              controller.enqueue(new TextEncoder().encode(results));
              controller.close();
            }, 50),
        }),
        { status: 202 },
      ),
    ];
    const outbox = await api.open(directory);
    await outbox.send(event(1));
    await until(
      async () => api.requests.length,
      (requests) => requests === 1,
    );
    await outbox.close();
    expect(eventFiles()).toEqual([]);
  });

  it('close still writes events that are being added, and later ones are rejected', async () => {
    const outbox = await api.open(directory);
    const sends = Array.from({ length: 600 }, (_, number) => outbox.send(event(number)));
    const closing = outbox.close();
    await expect(outbox.send(event(600))).rejects.toThrow('The outbox is closed');
    await closing;
    const written = eventFiles().flatMap((name) => JSON.parse(readFileSync(path.join(directory, name), 'utf8')));
    expect(written.map(({ id }: { id: string }) => id)).toEqual(await Promise.all(sends));
    expect(api.requests).toEqual([]);
  });
});
