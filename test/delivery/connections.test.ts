import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient, type HttpRequest } from '../../src/delivery/http-client';
import { fastestMs } from '../support/fastest';
import { responding, startRawServer, TEST_CERTIFICATE, type Behaviour } from '../support/raw-server';
import { useReceiver } from '../support/receiver';
import { startSilentAddress, type SilentAddress } from '../support/silent-address';

const IDLE_MS = 200;
const ONE_WAY_MS = 40;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

let client: HttpClient | undefined;
afterEach(() => client?.close());

function clientFor(...addresses: string[]): HttpClient {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
  const guard = createAddressGuard(['127.0.0.0/8', '::1/128'], (_hostname, callback) => callback(null, found));
  client = createHttpClient({ guard, certificateAuthorities: TEST_CERTIFICATE });
  return client;
}

const send = (through: HttpClient, url: string, timeoutMs = 5000, more: Partial<HttpRequest> = {}) =>
  through.send({ url, method: 'POST', headers: {}, body: '{"n":1}', timeoutMs, ...more });

/** A way to a server that takes 40 ms, in each direction. */
async function startDistance(serverPort: number) {
  const sockets = new Set<Socket>();
  const forward = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('error', () => undefined);
    from.on('data', (bytes) => setTimeout(() => to.destroyed || to.write(bytes), ONE_WAY_MS));
    from.on('close', () => setTimeout(() => to.destroy(), ONE_WAY_MS));
  };
  const way = net.createServer((near) => {
    const far = net.connect(serverPort, '127.0.0.1');
    forward(near, far);
    forward(far, near);
  });
  await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
  return {
    port: (way.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => way.close(resolve));
    },
  };
}

describe('a reused connection that the receiver closes', () => {
  /** Answers the first request of a connection, and does something else with the second. */
  const second =
    (behave: (socket: Socket) => void): Behaviour =>
    (socket) => {
      socket.write(OK);
      socket.once('data', () => behave(socket));
    };
  /** Sends requests one after the other, with time for the connection to become idle. */
  async function sendSeveral(url: string, count: number, through = clientFor('127.0.0.1')) {
    const outcomes = [];
    for (let i = 0; i < count; i++) {
      outcomes.push((await send(through, url)).error?.message ?? 'delivered');
      await delay(20);
    }
    return outcomes;
  }

  it.each([
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['closes', (socket: Socket) => socket.end()],
  ])('costs no attempt if the receiver %s it at the first byte of a request', async (_what, behave) => {
    const server = await startRawServer(second(behave));
    const outcomes = await sendSeveral(server.url(), 6);
    await server.close();
    expect(outcomes).toEqual(Array(6).fill('delivered'));
    expect(server.connections).toBeLessThanOrEqual(6);
  });

  it('costs no attempt if a distant receiver closes it because it was idle', async () => {
    const requests: string[] = [];
    const server = await startRawServer((socket, first) => {
      let idle: NodeJS.Timeout | undefined;
      const respond = (request: Buffer) => {
        clearTimeout(idle);
        requests.push(request.toString());
        socket.write(OK);
        idle = setTimeout(() => socket.destroy(), IDLE_MS);
      };
      socket.on('data', respond);
      respond(first);
    });
    const distant = await startDistance(server.port);
    const through = clientFor('127.0.0.1');
    const outcomes = [];
    for (let i = 0; i < 20; i++) {
      outcomes.push((await send(through, `http://127.0.0.1:${distant.port}/`)).error?.message ?? 'delivered');
      // Around the moment in which the receiver closes the connection, and the client learns of it.
      await delay(IDLE_MS - ONE_WAY_MS + i * 4);
    }
    await distant.close();
    await server.close();
    expect(outcomes).toEqual(Array(20).fill('delivered'));
    expect(requests).toHaveLength(20);
  });

  it('costs no attempt with TLS', async () => {
    const server = await startRawServer(
      second((socket) => socket.destroy()),
      { tls: true },
    );
    const outcomes = await sendSeveral(`https://receiver.test:${server.port}/`, 4);
    await server.close();
    expect(outcomes).toEqual(Array(4).fill('delivered'));
  });

  it('fails the attempt if the new connection is closed as well, after one repetition', async () => {
    let requests = 0;
    const server = await startRawServer((socket) => {
      requests += 1;
      if (requests > 1) return socket.resetAndDestroy();
      socket.write(OK);
      socket.once('data', () => {
        requests += 1;
        socket.resetAndDestroy();
      });
    });
    const outcomes = await sendSeveral(server.url(), 2);
    await server.close();
    expect(outcomes).toEqual(['delivered', 'the connection was closed before a response']);
    expect(requests).toBe(3);
  });

  it('is not repeated after the first byte of a response', async () => {
    let requests = 0;
    const server = await startRawServer(
      second((socket) => {
        requests += 1;
        socket.end('HTTP/1.1 200 OK\r\nx-a: ');
      }),
    );
    const outcomes = await sendSeveral(server.url(), 2);
    await server.close();
    expect(outcomes).toEqual(['delivered', 'the connection was closed before a response']);
    expect(requests).toBe(1);
    expect(server.connections).toBe(1);
  });

  it('is repeated within the timeout of the attempt', async () => {
    let connections = 0;
    const server = await startRawServer((socket) => {
      connections += 1;
      if (connections > 1) return;
      socket.write(OK);
      socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), 1200));
    });
    const through = clientFor('127.0.0.1');
    await send(through, server.url());
    await delay(20);
    const { error, durationMs } = await send(through, server.url(), 3000);
    await server.close();
    expect(error?.class).toBe('timeout');
    expect(connections).toBe(2);
    // With a timeout of its own, the second request would end after 4.2 s.
    expect(durationMs).toBeLessThan(4200);
  });
});

describe('a new connection that the receiver closes', () => {
  it('is not repeated', async () => {
    const server = await startRawServer((socket) => socket.resetAndDestroy());
    const { error } = await send(clientFor('127.0.0.1'), server.url());
    await server.close();
    expect(error?.message).toBe('the connection was closed before a response');
    expect(server.connections).toBe(1);
  });
});

describe('server name indication', () => {
  it('has no trailing dot', async () => {
    const names: unknown[] = [];
    const server = await startRawServer(
      (socket) => {
        names.push((socket as TLSSocket).servername);
        responding(OK)(socket, Buffer.alloc(0));
      },
      { tls: true },
    );
    const { error } = await send(clientFor('127.0.0.1'), `https://receiver.test.:${server.port}/`);
    await server.close();
    expect(error).toBeNull();
    expect(names).toEqual(['receiver.test']);
  });
});

describe('several addresses of a name', () => {
  const receiver = useReceiver();
  const silent: SilentAddress[] = [];
  afterEach(() => Promise.all(silent.splice(0).map((address) => address.close())));

  it.each([1000, 2000, 15_000])('reaches the second one within a timeout of %d ms', async (timeoutMs) => {
    silent.push(await startSilentAddress('127.0.0.2', receiver.port));
    const url = `http://several.test:${receiver.port}/`;
    const ms = await fastestMs(Math.min(timeoutMs, 5000), async () => {
      const before = receiver.requests.length;
      const { error, durationMs } = await send(clientFor('127.0.0.2', '127.0.0.1'), url, timeoutMs);
      if (error) return Infinity;
      expect(receiver.requests).toHaveLength(before + 1);
      return durationMs;
    });
    expect(ms).toBeLessThan(Math.min(timeoutMs, 5000));
  });

  it('reaches the eighth one within the shortest timeout', async () => {
    silent.push(await startSilentAddress('127.0.0.2', receiver.port));
    const addresses = [...Array<string>(7).fill('127.0.0.2'), '127.0.0.1'];
    const ms = await fastestMs(1000, async () => {
      const { error, durationMs } = await send(clientFor(...addresses), `http://several.test:${receiver.port}/`, 1000);
      return error ? Infinity : durationMs;
    });
    expect(ms).toBeLessThan(1000);
  });

  it('goes on immediately after a refused connection', async () => {
    const url = `http://several.test:${receiver.port}/`;
    const ms = await fastestMs(500, async () => {
      const { error, durationMs } = await send(clientFor('127.0.0.3', '127.0.0.4', '::1', '127.0.0.1'), url);
      expect(error).toBeNull();
      return durationMs;
    });
    // Each address would get 250 ms if it did not answer.
    expect(ms).toBeLessThan(500);
  });

  it('does not give up a slow address when it tries the next one', async () => {
    silent.push(await startSilentAddress('127.0.0.2', receiver.port, 500));
    silent.push(await startSilentAddress('127.0.0.3', receiver.port));
    const url = `http://several.test:${receiver.port}/`;
    const { error } = await send(clientFor('127.0.0.2', '127.0.0.3'), url);
    expect(error).toBeNull();
  });
});
