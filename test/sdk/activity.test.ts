import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Signpost, SignpostError, type Activity, type ActivityGap } from '../../sdk/src';
import { framesOf } from '../../sdk/src/event-stream';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/until';

const entry = (number: number) =>
  `id: ${number}\ndata: ${JSON.stringify({ kind: 'event.accepted', eventId: `e${number}` })}\n\n`;
const idsOf = (entries: (Activity | ActivityGap)[]) =>
  entries.map((one) => ('eventId' in one ? one.eventId : one.kind));

describe('the activity stream of a scripted service', () => {
  let server: Server;
  let signpost: Signpost;
  let requests: IncomingMessage[];
  /** Answers of the next requests. After them every request is held. */
  let answers: ((response: ServerResponse) => void)[];
  let closed: number;

  beforeEach(async () => {
    [requests, answers, closed] = [[], [], 0];
    server = createServer((request, response) => {
      requests.push(request);
      response.on('close', () => closed++);
      answers.shift()?.(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    signpost = new Signpost({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'k' });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const stream = (response: ServerResponse, text: string) =>
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(text);
  const lastEventIds = () => requests.map(({ headers }) => headers['last-event-id']);

  /** @param onTaken - called after each entry that was taken, except the last one */
  async function take(
    count: number,
    options: Parameters<Signpost['activity']['stream']>[0] = {},
    onTaken: () => void = () => undefined,
  ) {
    const taken: (Activity | ActivityGap)[] = [];
    for await (const one of signpost.activity.stream(options)) {
      if (taken.push(one) === count) break;
      onTaken();
    }
    return taken;
  }

  it('resumes after the last entry when the connection breaks, ends, or is refused for now', async () => {
    let breakConnection: () => void = () => undefined;
    answers = [
      (response) => {
        stream(response, entry(1));
        breakConnection = () => response.socket?.resetAndDestroy();
      },
      (response) => void response.writeHead(503, { 'content-type': 'application/json' }).end('{}'),
      (response) => void (stream(response, ': heartbeat\nid: 2\n\n'), response.end()),
      (response) => stream(response, entry(3) + entry(4)),
    ];
    const faults: Error[] = [];
    const calls: string[] = [];
    const onFault = (error: Error) => {
      faults.push(error);
      calls.push('fault');
    };
    const onOpen = () => void calls.push('open');
    const taken = await take(3, { onFault, onOpen, customerId: 'c1' }, () => breakConnection());
    expect(idsOf(taken)).toEqual(['e1', 'e3', 'e4']);
    expect(taken.map(({ position }) => position)).toEqual(['1', '3', '4']);
    expect(lastEventIds()).toEqual([undefined, '1', '1', '2']);
    expect(requests.map(({ url }) => url)).toEqual(Array(4).fill('/v1/activity?customerId=c1'));
    expect(requests[0]!.headers).toMatchObject({ 'x-api-key': 'k', accept: 'text/event-stream' });
    expect(faults).toHaveLength(3);
    expect(calls).toEqual(['open', 'fault', 'fault', 'open', 'fault', 'open']);
    expect(faults[1]).toMatchObject({ name: 'SignpostError', status: 503 });
  });

  it('starts after a given position, and reports a gap as an entry', async () => {
    const gap = { from: '2026-01-30T00:00:00.000Z', until: '2026-01-31T00:00:00.000Z' };
    answers = [(response) => stream(response, `event: activity.gap\ndata: ${JSON.stringify(gap)}\n\n`)];
    expect(await take(1, { after: '7' })).toEqual([{ ...gap, kind: 'activity.gap', position: '7' }]);
    expect(lastEventIds()).toEqual(['7']);
  });

  it.each([401, 403, 422])('throws if the service answers %i', async (status) => {
    const body = JSON.stringify({ status, code: 'scripted', title: 'T', detail: 'D' });
    answers = [(response) => void response.writeHead(status, { 'content-type': 'application/problem+json' }).end(body)];
    await expect(take(1)).rejects.toMatchObject({ name: 'SignpostError', status, code: 'scripted' });
    expect(requests).toHaveLength(1);
  });

  it('throws if the answer is not a stream of Signpost', async () => {
    answers = [(response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello</p>')];
    await expect(take(1)).rejects.toBeInstanceOf(SignpostError);
  });

  it('closes the connection when the iteration ends', async () => {
    answers = [(response) => stream(response, entry(1))];
    await take(1);
    await until(
      async () => closed,
      (count) => count === 1,
    );
  });

  it.each(['while it is connected', 'while it waits to reconnect'])(
    'ends when the signal is aborted %s',
    async (when) => {
      const aborting = new AbortController();
      answers = [
        (response) => {
          stream(response, entry(1));
          if (when !== 'while it is connected') response.end();
        },
      ];
      const abort = () => aborting.abort();
      const onTaken = when === 'while it is connected' ? abort : undefined;
      expect(idsOf(await take(2, { signal: aborting.signal, onFault: abort }, onTaken))).toEqual(['e1']);
      expect(requests).toHaveLength(1);
    },
  );
});

describe('the activity stream of the service', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    await api.must('POST', '/v1/products', { id: 'p', name: 'P', enabled: true });
    await api.must('PUT', '/v1/event-types/paid.v1', { productId: 'p' });
    await api.must('POST', '/v1/customers', { id: 'c', name: 'C', productId: 'p' });
  });
  afterAll(() => api.stop());

  it('yields accepted events, and a later stream continues after the last position', async () => {
    const signpost = new Signpost({ baseUrl: api.url, apiKey: ADMIN_KEY });
    const aborting = new AbortController();
    let onOpen: () => void = () => undefined;
    const isOpen = new Promise<void>((resolve) => (onOpen = resolve));
    const entries = signpost.activity.stream({ type: 'paid.v1', signal: aborting.signal, onOpen });
    const first = entries.next();
    // The stream shows what is accepted after it is open.
    await isOpen;
    const sent = await signpost.events.send({ type: 'paid.v1', customerId: 'c', data: {} });
    const { value } = (await first) as { value: Activity };
    expect(value).toMatchObject({ kind: 'event.accepted', eventId: sent.id, customerId: 'c' });
    aborting.abort();
    const missed = await signpost.events.send({ type: 'paid.v1', customerId: 'c', data: {} });
    const resumed = signpost.activity.stream({ type: 'paid.v1', after: value.position });
    expect((await resumed.next()).value).toMatchObject({ eventId: missed.id });
    await resumed.return();
  });
});

describe('parsing of server-sent events', () => {
  const framesOfText = async (text: string, size: number) => {
    const bytes = Buffer.from(text);
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const frames = [];
    for await (const frame of framesOf(inChunks(chunks))) frames.push(frame);
    return frames;
  };
  async function* inChunks(chunks: Buffer[]) {
    yield* chunks;
  }

  it.each([1, 2, 3, 1000])('reads blocks that arrive %i bytes at a time', async (size) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = ['id: 1', 'event:a', 'data: Zoë', 'data:  two', '', ': comment', 'id:2', '', 'data: cut'].join(end);
      expect(await framesOfText(text, size)).toEqual([
        { id: '1', event: 'a', data: 'Zoë\n two' },
        { id: '2', event: 'message', data: '' },
      ]);
    }
  });
});
