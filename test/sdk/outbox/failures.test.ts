import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SignpostUnreachableError, type SignpostError } from '../../../sdk/src';
import { tempDir } from '../../support/service';
import { directoryOf, event, problem, scriptedApi, type OutboxDirectory, type ScriptedApi } from './scripted-api';

let directory: string;
let files: OutboxDirectory;
let api: ScriptedApi;
beforeEach(() => {
  directory = tempDir();
  files = directoryOf(directory);
  api = scriptedApi();
});

describe('temporary failures', () => {
  it.each([401, 403, 408, 429, 500, 502, 503, 504])(
    'an outbox keeps its events while requests are answered with %i, and sends them later',
    async (status) => {
      api.replies = [problem(status), problem(status)];
      const outbox = await api.open(directory);
      await outbox.send(event(1));
      await api.failed(2);
      await outbox.send(event(2));
      await outbox.flush();
      expect(api.accepted).toEqual([1, 2]);
      expect(api.refused).toEqual([]);
      expect(files.refused()).toEqual([]);
      expect(files.events()).toEqual([]);
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
      expect([api.refused, files.refused()]).toEqual([[], []]);
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
    await api.failed(2);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    expect(patientApi.requests).toHaveLength(1);
    await Promise.all([outbox.close(), patient.close()]);
  });

  it('an outbox does not need callbacks', async () => {
    api.replies = [undefined, [{ status: 422 }]];
    const outbox = await api.open(directory, { onFault: undefined, onRefused: undefined });
    await outbox.send(event(1));
    await outbox.flush();
    expect(files.refused()).toHaveLength(1);
    await outbox.close();
  });
});

describe('permanent refusals', () => {
  it.each([400, 404, 409, 413, 422])(
    'an outbox stores an event in refused/ after %i, before it reports it',
    async (status) => {
      let storedFirst: unknown;
      const onRefused = (given: object, { code }: SignpostError) => {
        storedFirst = { files: files.refused().length, waiting: files.events().length, given, code };
      };
      api.replies = [(events) => events.map(() => ({ status, code: 'wrong' }))];
      const outbox = await api.open(directory, { onRefused });
      const id = await outbox.send(event(1));
      await outbox.send(event(2));
      await outbox.flush();
      expect(storedFirst).toMatchObject({ files: 1, waiting: expect.any(Number), given: { id }, code: 'wrong' });
      const [file] = files.refused();
      expect(JSON.parse(readFileSync(path.join(files.refusedDirectory, file!), 'utf8'))).toMatchObject({
        event: { ...event(1), id },
        problem: { status, code: 'wrong' },
      });
      expect(api.accepted).toEqual([2]);
      expect(api.faults).toEqual([]);
      await outbox.close();
    },
  );

  it('an outbox stores a refused event once although an event beside it must be sent again', async () => {
    files.write(1, ...[1, 2, 3].map((number) => ({ id: `a${number}`, ...event(number) })));
    const mixed = [{ status: 422 }, { status: 503 }, { status: 202 }];
    api.replies = [mixed, mixed, [{ status: 422 }, { status: 202 }, { status: 202 }]];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.requests.map((events) => events.length)).toEqual([3, 3, 3]);
    expect(api.refused).toHaveLength(1);
    expect(files.refused()).toHaveLength(1);
    expect(files.refusedIds()).toEqual(['a1']);
    expect(files.events()).toEqual([]);
    await outbox.close();
  });

  it('an outbox matches results to events across files', async () => {
    for (const number of [1, 2, 3]) files.write(number, { id: `a${number}`, ...event(number) });
    files.write(4, { id: 'a4', ...event(4) }, { id: 'a5', ...event(5) });
    api.replies = [[202, 422, 202, 202, 409].map((status) => ({ status }))];
    const outbox = await api.open(directory);
    await outbox.flush();
    expect(api.refused.map(({ event: { id }, problem: { status } }) => [id, status])).toEqual([
      ['a2', 422],
      ['a5', 409],
    ]);
    expect(files.refusedIds()).toEqual(['a2', 'a5']);
    await outbox.close();
  });
});
