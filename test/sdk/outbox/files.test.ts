import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OutboxFiles } from '../../../sdk/src/outbox-files';
import { SignpostError } from '../../../sdk/src/errors';
import { tempDir } from '../../support/service';
import { directoryOf, event, scriptedApi, type OutboxDirectory, type ScriptedApi } from './scripted-api';

let directory: string;
let files: OutboxDirectory;
let api: ScriptedApi;
beforeEach(() => {
  directory = tempDir();
  files = directoryOf(directory);
  api = scriptedApi();
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
    files.write(1, { id: 'a1', ...event(1) });
    writeFileSync(path.join(directory, '000000000002-1.json'), content);
    files.write(3, { id: 'a3', ...event(3) });
    const outbox = await api.open(directory);
    await outbox.send(event(4));
    await outbox.flush();
    expect(api.accepted).toEqual([1, 3, 4]);
    expect(api.faults.map(({ message }) => message)).toEqual([expect.stringContaining('000000000002-1.json')]);
    expect(files.refused()).toEqual([expect.stringMatching(/^\d+-000000000002-1\.json\.spoiled$/)]);
    expect(readFileSync(path.join(files.refusedDirectory, files.refused()[0]!), 'utf8')).toBe(content);
    expect(outbox.size).toBe(0);
    await outbox.close();
  });

  it('a corrupt file between others does not lose them if sending fails', async () => {
    files.write(1, { id: 'a1', ...event(1) });
    writeFileSync(path.join(directory, '000000000002-1.json'), 'garbage');
    files.write(3, { id: 'a3', ...event(3) });
    api.replies = [undefined];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.accepted).toEqual([1, 3]);
    expect(files.events()).toEqual([]);
    await outbox.close();
  });

  it('an outbox with nothing but corrupt files ends up empty', async () => {
    for (const number of [1, 2]) writeFileSync(path.join(directory, `00000000000${number}-1.json`), 'garbage');
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(files.refused()).toHaveLength(2);
    expect(api.faults).toHaveLength(2);
    expect(api.requests).toEqual([]);
    await outbox.close();
  });

  it('a file that someone deleted is skipped', async () => {
    files.write(1, { id: 'a1', ...event(1) });
    files.write(2, { id: 'a2', ...event(2) });
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
    files.write(8, { id: 'a8', ...event(8) });
    files.write(41, { id: 'a41', ...event(41) });
    api.replies = [undefined];
    const outbox = await api.open(directory, { retryDelayMs: 60_000 });
    await outbox.send(event(42));
    expect(files.events()).toEqual([
      '000000000008-1.json',
      '000000000041-1.json',
      expect.stringMatching(/^000000000042-1-[0-9a-f]{8}\.json$/),
    ]);
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
    mkdirSync(files.refusedDirectory, { recursive: true });
    await outbox.send(event(2));
    await outbox.flush();
    expect(api.accepted).toEqual([2]);
    await outbox.close();
  });

  it('a file that could not be written leaves nothing behind', async () => {
    const outbox = await api.open(directory);
    const { token } = JSON.parse(readFileSync(path.join(directory, 'lock'), 'utf8')) as { token: string };
    mkdirSync(path.join(directory, `000000000001-1-${token.slice(0, 8)}.json`));
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
    const [first, second, third, fourth] = files.events().map((name) => Number(/-(\d+)/.exec(name)![1]));
    expect([first, second, third, fourth]).toEqual([1, 200, 200, 49]);
    expect(outbox.size).toBe(450);
    release();
    await outbox.flush();
    expect(api.accepted).toEqual(numbers);
    expect(api.requests.at(-1)!.at(-1)!.id).toBe(ids.at(-1));
    expect(new Set(ids).size).toBe(450);
    expect([outbox.size, files.events()]).toEqual([0, []]);
    await outbox.close();
  });

  it('small files that wait are sent together, up to about 200 events in a request', async () => {
    for (let number = 1; number <= 450; number++) files.write(number, { id: `a${number}`, ...event(number) });
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests.map((events) => events.length)).toEqual([200, 200, 50]);
    expect(api.accepted).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
    await outbox.close();
  });
});

it('the directory and the files of an outbox are readable by the user of the process only', async () => {
  const made = path.join(directory, 'new', 'outbox');
  await OutboxFiles.prepare(made);
  const { files: written } = await OutboxFiles.open(made, 'owner');
  const { name } = await written.add(['{"id":"a"}']);
  await written.storeRefused({ id: 'a' }, new SignpostError(422, 'validation-failed', 'invalid', 'invalid'));
  const refused = path.join(made, 'refused');
  const paths = [made, refused, path.join(made, name), path.join(refused, readdirSync(refused)[0]!)];
  expect(paths.map((each) => statSync(each).mode & 0o077)).toEqual([0, 0, 0, 0]);
});
