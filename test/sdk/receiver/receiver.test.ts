import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { receiver, type Delivery, type Receiver } from '../../../sdk/src/receiver';
import { envelopeOf, signedHeaders, tokenOf } from './sign';

const SECRET = 'shared secret of the receiver';
const BODY = JSON.stringify({ id: 'P-1', type: 'paid.v1', timestamp: 'T', data: { payer: 'Zoë' } });
/** What reached the work. */
let delivered: Delivery<unknown>[];
let failure: Error | undefined;
let server: Server | undefined;

beforeEach(() => {
  delivered = [];
  failure = undefined;
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

const now = () => Math.floor(Date.now() / 1000);
const hooks = () =>
  receiver({ secret: SECRET, maxBodyBytes: 1000 }, async (delivery) => {
    if (failure) throw failure;
    delivered.push(delivery);
  });

async function listen(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
}

/** Serves a receiver by each adapter. @returns a function that sends a request to it */
const ADAPTERS: Record<string, (hooks: Receiver) => Promise<(url: string, init?: RequestInit) => Promise<Response>>> = {
  'a Fetch handler': async ({ fetch: handle }) => {
    return (path, init) =>
      handle(new Request(`http://receiver/hooks${path}`, init)).catch((error: Error) =>
        Response.json({ message: error.message }, { status: 500 }),
      );
  },
  Express: async (created) => {
    const app = express();
    app.all('/hooks', created.express());
    app.use(((error: Error, _request, response, _next) => {
      response.status(500).json({ message: error.message });
    }) as express.ErrorRequestHandler);
    const url = await listen(app);
    return (path, init) => fetch(url + path, init);
  },
  "Node's http": async (created) => {
    const errors: unknown[] = [];
    const handle = created.node((error) => errors.push(error));
    const url = await listen((request, response) => void handle(request, response));
    return async (path, init) => {
      const response = await fetch(url + path, init);
      const message = (errors[0] as Error | undefined)?.message;
      return message === undefined ? response : Response.json({ message }, { status: response.status });
    };
  },
};

describe.each(Object.keys(ADAPTERS))('a receiver served by %s', (name) => {
  let send: (url: string, init?: RequestInit) => Promise<Response>;
  beforeEach(async () => {
    send = await ADAPTERS[name]!(hooks());
  });
  const post = (body: string, signedWith = SECRET, headers: Record<string, string> = {}) =>
    send('', {
      method: 'POST',
      body,
      headers: { ...signedHeaders(signedWith, { body, timestamp: now() }), ...headers },
    });

  it(`passes verified deliveries on and answers 204 (${name})`, async () => {
    expect((await post(BODY, SECRET, { 'content-type': 'application/json', 'signpost-attempt': '2' })).status).toBe(
      204,
    );
    expect(delivered).toEqual([
      { id: 'evt_1', timestamp: expect.any(Date), attempt: 2, payload: JSON.parse(BODY), rawBody: Buffer.from(BODY) },
    ]);
  });

  it(`answers 401 to other requests (${name})`, async () => {
    const response = await post(BODY, 'another secret');
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: expect.stringContaining('No signature matches') });
    expect((await send('')).status).toBe(401);
    expect(delivered).toEqual([]);
  });

  it(`answers challenges (${name})`, async () => {
    const response = await send('?crc_token=token');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({ response_token: expect.stringMatching(/^sha256=/) });
  });

  it(`answers 413 to a body over the limit (${name})`, async () => {
    expect((await post(`"${'x'.repeat(998)}"`)).status).toBe(204);
    expect((await post(`"${'x'.repeat(999)}"`)).status).toBe(413);
    expect(delivered).toHaveLength(1);
  });

  it(`answers 500 with the framework's means if the work fails (${name})`, async () => {
    failure = new Error('the work failed');
    const response = await post(BODY);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ message: 'the work failed' });
  });

  it(`answers 400 to a GET of format standard, which has no payload (${name})`, async () => {
    const response = await send('', { headers: signedHeaders(SECRET, { body: '', timestamp: now() }) });
    expect(response.status).toBe(400);
    expect(delivered).toEqual([]);
  });
});

it("Node's listener reports an error of the work as a warning unless it is given a callback", async () => {
  const emitted = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  failure = new Error('the work failed');
  const handle = hooks().node();
  const url = await listen((request, response) => void handle(request, response));
  const response = await fetch(url, {
    method: 'POST',
    body: BODY,
    headers: signedHeaders(SECRET, { body: BODY, timestamp: now() }),
  });
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({ error: 'The delivery could not be processed.' });
  expect(emitted).toHaveBeenCalledWith(failure);
  emitted.mockRestore();
});

describe('formats', () => {
  const claims = { object_class: 'paid.v1', exp: now() + 600, data: { event: { payer: 'Zoë' } } };
  const envelope = { details: { messageType: 'paid.v1' }, messageId: 'evt_1', timestamp: 'T' };
  it.each([
    ['envelope', envelopeOf(envelope, SECRET), {}, envelope],
    ['trigger', '', { authorization: `Bearer ${tokenOf(claims, SECRET)}` }, claims],
    ['flat', JSON.stringify({ payer: 'Zoë', secret: SECRET }), {}, { payer: 'Zoë' }],
  ] as const)('a receiver gets the payload of format %s', async (format, body, headers, payload) => {
    const got: unknown[] = [];
    const { fetch: handle } = receiver({ secret: SECRET, format: format as 'flat' }, ({ payload }) =>
      got.push(payload),
    );
    const request = new Request('http://receiver/hooks', {
      method: 'POST',
      body,
      headers: { ...signedHeaders(SECRET, { body, timestamp: now() }), ...headers },
    });
    expect((await handle(request)).status).toBe(204);
    expect(got).toEqual([payload]);
  });
});

it.each([undefined, '', []])('a receiver cannot be created with the secret %j', (secret) => {
  expect(() => receiver({ secret }, () => undefined)).toThrow(TypeError);
});

it('a challenge is the token of the query, without the fragment of the URL', async () => {
  const response = await hooks().fetch(new Request('http://receiver/hooks?crc_token=token#part'));
  const expected = await hooks().fetch(new Request('http://receiver/hooks?crc_token=token'));
  expect(await response.json()).toEqual(await expected.json());
});
