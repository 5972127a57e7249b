import { SignpostError, type PartlySentError } from '../../sdk/src';
import { problem, scriptedFetch, type ScriptedFetch } from './scripted-fetch';

let api: ScriptedFetch;
beforeEach(() => {
  api = scriptedFetch();
});

describe('events.sendMany', () => {
  const event = (id: string, data: object = {}) => ({ id, type: 'paid.v1', data });
  const results = (...statuses: number[]) =>
    Response.json(
      {
        results: statuses.map((status) =>
          status === 202
            ? { status, id: 'x', duplicate: false, notifications: [] }
            : { status, code: 'no', title: 'T', detail: 'D', errors: [{ path: '/data', message: 'M' }] },
        ),
      },
      { status: 202 },
    );

  it('events.sendMany of nothing makes no request', async () => {
    expect(await api.client().events.sendMany([])).toEqual([]);
    expect(api.requests).toEqual([]);
  });

  it('events.sendMany returns an accepted event or its error, in order', async () => {
    api.responses = [results(202, 422, 202)];
    const [first, second, third] = await api.client().events.sendMany(['a', 'b', 'c'].map((id) => event(id)));
    expect([first, third]).toEqual(Array(2).fill({ id: 'x', duplicate: false, notifications: [] }));
    expect(second).toBeInstanceOf(SignpostError);
    expect(second).toMatchObject({
      status: 422,
      code: 'no',
      title: 'T',
      detail: 'D',
      errors: [{ path: '/data', message: 'M' }],
    });
  });

  const huge = event('huge', { text: 'x'.repeat(8 * 1024 * 1024) });

  it('an event too large for any batch fails alone', async () => {
    api.responses = [results(202), problem(413, 'too-large'), results(202)];
    const sent = await api.client().events.sendMany([event('a'), huge, event('b')]);
    expect(sent.map((result) => (result instanceof SignpostError ? result.code : 'accepted'))).toEqual([
      'accepted',
      'too-large',
      'accepted',
    ]);
  });

  it('a batch of several events that is answered 413 fails as a whole', async () => {
    api.responses = [problem(413)];
    const error = await api
      .client()
      .events.sendMany([event('a'), event('b')])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'PartlySentError', results: [], cause: { status: 413 } });
    expect((error as PartlySentError<unknown, unknown>).unsent).toHaveLength(2);
  });

  it('a single event that is answered 403 fails as a whole', async () => {
    api.responses = [problem(403)];
    const error = await api
      .client()
      .events.sendMany([event('a')])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'PartlySentError', unsent: [event('a')], cause: { status: 403 } });
    expect((error as Error).message).toBe('0 events were sent, 1 were not: scripted: D');
  });
});
