import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { exchange } from '../../src/delivery/exchange';
import { fakeOnly } from '../support/fake-timers';

/** The deadline of a request, on a clock of its own: what undici would call is called here. */
type Handler = Required<Dispatcher.DispatchHandler>;

beforeEach(() => fakeOnly('setTimeout', 'clearTimeout', 'performance'));
afterEach(() => jest.useRealTimers());

function begin(timeoutMs: number, options: { signal?: AbortSignal; connectMs?: number; connected?: boolean } = {}) {
  const { signal, connectMs, connected = true } = options;
  let handler!: Handler;
  const aborted: unknown[] = [];
  const controller = { abort: (reason: unknown) => void aborted.push(reason) } as Dispatcher.DispatchController;
  const dispatcher = { dispatch: (_: unknown, given: Handler) => ((handler = given), true) } as unknown as Dispatcher;
  const result = exchange(
    dispatcher,
    { path: '/', method: 'POST', connection: { isResolving: () => false } },
    { timeoutMs, connectMs, signal },
  );
  let state: unknown = 'under way';
  result.then(
    (response) => (state = response),
    (error: Error) => (state = error.message),
  );
  const connect = () => handler?.onRequestStart(controller, undefined);
  if (connected) connect();
  return {
    connect,
    aborted,
    respond: (status = 200) => handler.onResponseStart(controller, status, {}, ''),
    data: (text: string) => handler.onResponseData(controller, Buffer.from(text)),
    end: () => handler.onResponseEnd(controller, {}),
    fail: (message: string) => handler.onResponseError(controller, new Error(message)),
    async after(ms: number) {
      await jest.advanceTimersByTimeAsync(ms);
      await turnOfEventLoop();
      return state;
    },
  };
}
const cutOff = { status: 200, headers: {}, body: 'start', truncated: true, bodyTruncated: true };

it('ends a request without a response at its deadline, and not before', async () => {
  const request = begin(500);
  expect(await request.after(499)).toBe('under way');
  expect(await request.after(1)).toBe('no response within 0.5 s');
  expect(request.aborted).toHaveLength(1);
});

it('gives up a request without a connection after its timeout, and says so', async () => {
  const request = begin(500, { connected: false });
  expect(await request.after(499)).toBe('under way');
  expect(await request.after(1)).toBe('no connection within 0.5 s');
});

it('waits for a connection for 10 s at most, however long the timeout is', async () => {
  const request = begin(600_000, { connected: false });
  expect(await request.after(9999)).toBe('under way');
  expect(await request.after(1)).toBe('no connection within 10 s');
});

it('gives the receiver its whole timeout after a wait for the connection', async () => {
  const request = begin(500, { connected: false, connectMs: 10_000 });
  await request.after(400);
  request.connect();
  expect(await request.after(499)).toBe('under way');
  expect(await request.after(1)).toBe('no response within 0.5 s');
});

it('takes a wait for the connection from the receiver beyond the time that is set for it', async () => {
  const request = begin(500, { connected: false, connectMs: 100 });
  await request.after(400);
  request.connect();
  expect(await request.after(199)).toBe('under way');
  expect(await request.after(1)).toBe('no response within 0.5 s');
});

it('gives the body what is left of the deadline', async () => {
  const request = begin(500);
  await request.after(300);
  request.respond();
  request.data('start');
  expect(await request.after(199)).toBe('under way');
  expect(await request.after(1)).toEqual(cutOff);
});

it('gives the body two seconds at most, however much is left of the deadline', async () => {
  const request = begin(60_000);
  await request.after(1000);
  request.respond();
  request.data('start');
  expect(await request.after(1999)).toBe('under way');
  expect(await request.after(1)).toEqual(cutOff);
});

it('does not count an interim response as one', async () => {
  const request = begin(500);
  request.respond(103);
  expect(await request.after(500)).toBe('no response within 0.5 s');
});

it('keeps the received part of the body if the connection breaks after the status', async () => {
  const request = begin(500);
  request.respond();
  request.data('start');
  request.fail('reset');
  expect(await request.after(0)).toEqual(cutOff);
});

it('fails if the connection breaks before the status', async () => {
  const request = begin(500);
  request.fail('reset');
  expect(await request.after(0)).toBe('reset');
});

it('ends with the body, and nothing that comes later matters', async () => {
  const request = begin(500);
  request.respond();
  request.data('start');
  request.end();
  expect(await request.after(10_000)).toEqual({ ...cutOff, truncated: false, bodyTruncated: false });
  expect(request.aborted).toEqual([]);
});

it('keeps 16 KiB of the body and reads up to 80 KiB, then cuts it', async () => {
  const request = begin(500);
  request.respond();
  request.data('a'.repeat(16 * 1024));
  request.data('b'.repeat(64 * 1024));
  expect(await request.after(0)).toBe('under way');
  request.data('c');
  expect(await request.after(0)).toMatchObject({ body: 'a'.repeat(16 * 1024), truncated: true });
});

it('does not call a body of exactly 16 KiB truncated', async () => {
  const request = begin(500);
  request.respond();
  request.data('a'.repeat(16 * 1024));
  request.end();
  expect(await request.after(0)).toMatchObject({ truncated: false });
});

it('is abandoned when it is asked to be, before and after it began', async () => {
  const controller = new AbortController();
  const request = begin(500, { signal: controller.signal });
  controller.abort();
  expect(await request.after(0)).toBe('the request was abandoned');
  expect(request.aborted).toHaveLength(1);
  const late = exchange(
    {} as Dispatcher,
    { path: '/', method: 'POST', connection: { isResolving: () => false } },
    { timeoutMs: 500, signal: controller.signal },
  );
  await expect(late).rejects.toThrow('the request was abandoned');
});
