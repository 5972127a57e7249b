import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from '../../support/service';
import { until } from '../../support/until';
import { directoryOf, event, scriptedApi, type OutboxDirectory, type ScriptedApi } from './scripted-api';

let directory: string;
let files: OutboxDirectory;
let api: ScriptedApi;
beforeEach(() => {
  directory = tempDir();
  files = directoryOf(directory);
  api = scriptedApi();
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
    expect(files.events()).toEqual([]);
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
    expect(files.events()).toEqual([expect.stringMatching(/^000000000001-1-[0-9a-f]{8}\.json$/)]);
  });

  it('close ends the wait between attempts, and the directory is free afterwards', async () => {
    api.replies = [undefined];
    const outbox = await api.open(directory, { retryDelayMs: 600_000 });
    await outbox.send(event(1));
    await api.failed(1);
    await Promise.all([outbox.close(), outbox.close()]);
    expect(readdirSync(directory).sort()).toEqual([
      expect.stringMatching(/^000000000001-1-[0-9a-f]{8}\.json$/),
      'refused',
    ]);
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
    expect(files.events()).toEqual([expect.stringMatching(/^000000000001-1-[0-9a-f]{8}\.json$/)]);
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
    expect(files.events()).toEqual([]);
  });

  it('close still writes events that are being added, and later ones are rejected', async () => {
    const outbox = await api.open(directory);
    const sends = Array.from({ length: 600 }, (_, number) => outbox.send(event(number)));
    const closing = outbox.close();
    await expect(outbox.send(event(600))).rejects.toThrow('The outbox is closed');
    await closing;
    const written = files.events().flatMap((name) => JSON.parse(readFileSync(path.join(directory, name), 'utf8')));
    expect(written.map(({ id }: { id: string }) => id)).toEqual(await Promise.all(sends));
    expect(api.requests).toEqual([]);
  });
});
