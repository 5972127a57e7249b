import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import express from 'express';
import { CompactEncrypt, compactDecrypt } from 'jose';
import {
  deliveryOf,
  signpostReceiver,
  type Delivery,
  type ReceiverOptions,
  type VerifiedRequest,
} from '../../../sdk/src/receiver';
import { envelopeOf, signedHeaders, tokenOf } from './sign';

const SECRET = 'shared secret of the receiver';
const OLD_SECRET = 'secret before the rotation';
let server: Server | undefined;
/** What reached the handler behind the middleware. */
let delivered: Delivery[];

beforeEach(() => {
  delivered = [];
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

const now = () => Math.floor(Date.now() / 1000);

/** Serves the middleware on Node's http server, without Express. @returns its URL */
async function serve(options: Partial<ReceiverOptions> = {}): Promise<string> {
  const receive = signpostReceiver({ secret: SECRET, ...options });
  return listen(
    createServer((request, response) => {
      void receive(request, response, (error) => {
        if (error) return void response.writeHead(500).end((error as Error).message);
        delivered.push((request as VerifiedRequest).signpost);
        response.writeHead(204).end();
      });
    }),
  );
}

async function listen(created: Server): Promise<string> {
  server = created;
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function post(url: string, body: string | Buffer, headers: Record<string, string> = {}, signedWith = SECRET) {
  const signed = signedHeaders(signedWith, { body, timestamp: now() });
  return fetch(url, { method: 'POST', body, headers: { ...signed, ...headers } });
}

describe('verification', () => {
  it('the middleware passes on a verified delivery', async () => {
    const url = await serve();
    const body = '{"type":"paid.v1","data":{"payer":"Zoë"}}';
    expect((await post(url, body, { 'signpost-attempt': '3' })).status).toBe(204);
    expect(delivered).toEqual([
      { id: 'evt_1', timestamp: expect.any(Date), attempt: 3, payload: JSON.parse(body), rawBody: Buffer.from(body) },
    ]);
    expect(Math.abs(delivered[0]!.timestamp.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('the middleware counts an attempt without a number as the first', async () => {
    await post(await serve(), '{}');
    expect(delivered[0]!.attempt).toBe(1);
  });

  it('the middleware passes on an empty body as undefined', async () => {
    await post(await serve(), '');
    expect(delivered).toMatchObject([{ payload: undefined, rawBody: Buffer.alloc(0) }]);
  });

  it('the middleware answers 401 with the reason, and the handler is not called', async () => {
    const response = await post(await serve(), '{}', {}, 'another secret');
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ error: expect.stringContaining('No signature matches') });
    expect(delivered).toEqual([]);
  });

  it('the middleware honours toleranceSeconds', async () => {
    const headers = signedHeaders(SECRET, { timestamp: now() - 200 });
    expect((await post(await serve({ toleranceSeconds: 100 }), '{}', headers)).status).toBe(401);
    server!.close();
    expect((await post(await serve({ toleranceSeconds: 300 }), '{}', headers)).status).toBe(204);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['an empty list', []],
    ['a list with an empty one', [SECRET, '']],
  ])('signpostReceiver throws a TypeError if the secret is %s', (_, secret) => {
    expect(() => signpostReceiver({ secret: secret as never })).toThrow(TypeError);
  });
});

describe('formats', () => {
  const claims = { object_class: 'paid.v1', exp: now() + 60 };
  const payload = { details: { messageType: 'paid.v1' }, messageId: 'evt_1', timestamp: 'T' };
  /** A delivery in each format whose own part uses one secret, and what the handler must get. */
  const deliveries = {
    standard: () => ({ body: '{"data":{}}', headers: {}, expected: { data: {} } }),
    envelope: (secret: string) => ({ body: envelopeOf(payload, secret), headers: {}, expected: payload }),
    trigger: (secret: string) => ({
      body: JSON.stringify({ object_class: 'unsigned' }),
      headers: { authorization: `Bearer ${tokenOf(claims, secret)}` },
      expected: claims,
    }),
    flat: (secret: string) => ({
      body: JSON.stringify({ paymentId: 'P-1', secret }),
      headers: {},
      expected: { paymentId: 'P-1' },
    }),
  };
  const FORMATS = ['standard', 'envelope', 'trigger', 'flat'] as const;

  it.each(FORMATS)('during a rotation, format %s is accepted with either secret', async (format) => {
    for (const [secret, signedWith] of [
      [[SECRET, OLD_SECRET], SECRET],
      [[SECRET, OLD_SECRET], OLD_SECRET],
      [[OLD_SECRET, SECRET, 'third'], SECRET],
    ] as const) {
      const { body, headers, expected } = deliveries[format](signedWith);
      const url = await serve({ secret, format });
      expect((await post(url, body, headers, signedWith)).status).toBe(204);
      expect(delivered.pop()!.payload).toEqual(expected);
      server!.closeAllConnections();
      server!.close();
    }
  });

  it.each(['envelope', 'trigger', 'flat'] as const)(
    'format %s is rejected if only its webhook-signature is right',
    async (format) => {
      for (const secret of [[SECRET], [SECRET, OLD_SECRET]]) {
        const { body, headers } = deliveries[format]('another secret');
        expect((await post(await serve({ secret, format }), body, headers)).status).toBe(401);
        server!.closeAllConnections();
        server!.close();
      }
      expect(delivered).toEqual([]);
    },
  );

  it.each(FORMATS)('format %s is rejected if only its webhook-signature is wrong', async (format) => {
    const { body, headers } = deliveries[format](SECRET);
    expect((await post(await serve({ format }), body, headers, 'another secret')).status).toBe(401);
    expect(delivered).toEqual([]);
  });

  it.each(['envelope', 'trigger', 'flat'] as const)(
    'a body of format standard is rejected as format %s',
    async (format) => {
      const { body } = deliveries.standard();
      expect((await post(await serve({ format }), body)).status).toBe(401);
    },
  );
});

describe('challenges', () => {
  it('the middleware answers a challenge with the first secret', async () => {
    const url = await serve({ secret: ['secret', OLD_SECRET] });
    const response = await fetch(`${url}/hooks?tenant=1&crc_token=token`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    // From `printf token | openssl dgst -sha256 -hmac secret -binary | base64`.
    expect(await response.json()).toEqual({ response_token: 'sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko=' });
    expect(delivered).toEqual([]);
  });

  it('the middleware answers 401 to a challenge token that Signpost would not send', async () => {
    const response = await fetch(`${await serve()}?crc_token=${encodeURIComponent('evt_1.1700000000.{}')}`);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('sha256=');
  });

  it('the middleware treats a POST with crc_token as a delivery', async () => {
    const url = await serve();
    expect((await fetch(`${url}?crc_token=token`, { method: 'POST', body: '{}' })).status).toBe(401);
    expect((await post(`${url}?crc_token=token`, '{}')).status).toBe(204);
  });
});

describe('the body', () => {
  it.each([
    [10, { maxBodyBytes: 10 }],
    [1024 * 1024, {}],
  ])('the middleware accepts a body of %i bytes and answers 413 to a larger one', async (limit, options) => {
    const url = await serve(options);
    const body = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    expect((await post(url, body(limit))).status).toBe(204);
    const tooLarge = await post(url, body(limit + 1));
    expect(tooLarge.status).toBe(413);
    expect(await tooLarge.json()).toEqual({ error: `The body is larger than ${limit} bytes.` });
    expect(delivered).toHaveLength(1);
  });

  it('the middleware answers 413 before a long body ends', async () => {
    const url = await serve({ maxBodyBytes: 1000 });
    const chunk = new Uint8Array(1000);
    let chunks = 0;
    const body = new ReadableStream({
      pull: (controller) => (++chunks > 10_000 ? controller.close() : controller.enqueue(chunk)),
    });
    const response = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    expect(response.status).toBe(413);
    expect(chunks).toBeLessThan(10_000);
  });

  it('the middleware joins a body that arrives in many chunks', async () => {
    const url = await serve();
    const body = JSON.stringify({ text: 'Zoë'.repeat(100) });
    const bytes = [...Buffer.from(body)].map((byte) => Uint8Array.of(byte));
    const response = await fetch(url, {
      method: 'POST',
      body: ReadableStream.from(bytes),
      duplex: 'half',
      headers: signedHeaders(SECRET, { body, timestamp: now() }),
    } as unknown as RequestInit);
    expect(response.status).toBe(204);
    expect(delivered[0]!.payload).toEqual(JSON.parse(body));
  });

  /** An Express app with something before the middleware. */
  async function serveBehind(before: express.RequestHandler): Promise<string> {
    const app = express();
    app.use(before, signpostReceiver({ secret: SECRET }), (request, response) => {
      delivered.push(deliveryOf(request));
      response.sendStatus(204);
    });
    app.use(((error: Error, _request, response, _next) => {
      response.status(500).send(error.message);
    }) as express.ErrorRequestHandler);
    return listen(createServer(app));
  }

  const json = { 'content-type': 'application/json' };

  it('the middleware takes the raw body from express.raw()', async () => {
    const url = await serveBehind(express.raw({ type: '*/*' }));
    expect((await post(url, '{"a":1}', json)).status).toBe(204);
    expect(delivered[0]!.payload).toEqual({ a: 1 });
  });

  it('the middleware takes the raw body that a parser kept as rawBody', async () => {
    const url = await serveBehind(
      express.json({ verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }) }),
    );
    expect((await post(url, '{"a": 1}', json)).status).toBe(204);
    expect(delivered[0]!.rawBody.toString()).toBe('{"a": 1}');
  });

  it('the middleware reports that a parser has consumed the raw body', async () => {
    const response = await post(await serveBehind(express.json()), '{"a":1}', json);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('Put signpostReceiver before body parsers');
    expect(delivered).toEqual([]);
  });

  it.each(['standard', 'envelope'] as const)(
    'the middleware passes the exception of a signed %s body that is not JSON to next',
    async (format) => {
      const payloadAsString = 'not JSON';
      const signature = createHmac('sha256', SECRET).update(payloadAsString).digest('hex');
      const body = format === 'standard' ? payloadAsString : JSON.stringify({ payloadAsString, signature });
      const response = await post(await serve({ format, secret: [SECRET, OLD_SECRET] }), body);
      expect(response.status).toBe(500);
      expect(delivered).toEqual([]);
    },
  );
});

it.each(['//[', '/\\\\[', 'http://[', '*', '/?%', '/%zz?x=%zz'])(
  'the middleware survives the request target %s',
  async (target) => {
    const { port } = new URL(await serve());
    const socket = net.connect(Number(port), '127.0.0.1');
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    try {
      socket.write(`GET ${target} HTTP/1.1\r\nhost: receiver\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 401 /);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', onUnhandled);
      socket.destroy();
    }
  },
);

describe('an encrypted body', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const decrypt = async (jwe: string) => (await compactDecrypt(jwe, privateKey)).plaintext;
  const jose = { 'content-type': 'application/jose' };
  const encrypt = (body: string) =>
    new CompactEncrypt(Buffer.from(body))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(publicKey);

  it('is verified as it arrived, and decrypted into the payload', async () => {
    const jwe = await encrypt('{"type":"paid.v1"}');
    expect((await post(await serve({ decrypt }), jwe, jose)).status).toBe(204);
    expect(delivered).toMatchObject([{ payload: { type: 'paid.v1' }, rawBody: Buffer.from(jwe) }]);
  });

  it.each(['Application/JOSE', 'application/jose; charset=utf-8'])('is recognised by the type %s', async (type) => {
    const headers = { 'content-type': type };
    expect((await post(await serve({ decrypt }), await encrypt('{"a":1}'), headers)).status).toBe(204);
    expect(delivered).toMatchObject([{ payload: { a: 1 } }]);
  });

  it.each(['envelope', 'flat'] as const)('holds the body of format %s, which is verified as well', async (format) => {
    const inside = { envelope: envelopeOf({ details: {} }, SECRET), flat: `{"secret":"${SECRET}"}` };
    const url = await serve({ decrypt: async (jwe) => Buffer.from(await decrypt(jwe)).toString(), format });
    expect((await post(url, await encrypt(inside[format]), jose)).status).toBe(204);
    expect((await post(url, await encrypt('{"secret":"another"}'), jose)).status).toBe(401);
  });

  it('is not decrypted if its signature does not match, and not delivered without a key', async () => {
    const never = jest.fn();
    const jwe = await encrypt('{}');
    expect((await post(await serve({ decrypt: never }), jwe, jose, 'another secret')).status).toBe(401);
    expect(never).not.toHaveBeenCalled();
    server!.closeAllConnections();
    server!.close();
    const withoutKey = await post(await serve(), jwe, jose);
    expect(withoutKey.status).toBe(500);
    expect(await withoutKey.text()).toContain('Pass decrypt to the receiver');
    expect(delivered).toEqual([]);
  });
});

it('deliveryOf names the middleware that is missing', () => {
  expect(() => deliveryOf({ headers: {} } as IncomingMessage)).toThrow('Put signpostReceiver before this handler');
});
