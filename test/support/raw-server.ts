import { readFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

/** A self-signed certificate for `receiver.test` and its key, for tests only. */
export const TEST_CERTIFICATE = readFileSync(path.join(__dirname, 'tls', 'cert.pem'), 'utf8');
const TEST_KEY = readFileSync(path.join(__dirname, 'tls', 'key.pem'), 'utf8');

/** A TCP server whose behaviour a test defines, for receivers that break the protocol. */
export interface RawServer {
  port: number;
  url(path?: string): string;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Handles a connection after its first bytes have arrived. */
export type Behaviour = (socket: Socket, firstBytes: Buffer) => void;

export async function startRawServer(behave: Behaviour, options: { tls?: boolean } = {}): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const onConnection = (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The client may close the connection early, which is part of the tests.
    socket.on('error', () => undefined);
    socket.once('data', (firstBytes: Buffer) => behave(socket, firstBytes));
  };
  const server = options.tls
    ? tls.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, onConnection)
    : net.createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (urlPath = '/') => `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}${urlPath}`,
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes the same bytes repeatedly until the socket closes. */
function flood(socket: Socket, bytes: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

const OK = 'HTTP/1.1 200 OK\r\n';

export const silence: Behaviour = () => undefined;
export const reset: Behaviour = (socket) => socket.resetAndDestroy();
export const hangUp: Behaviour = (socket) => socket.end();
/** Sends one response, unchanged. */
export const responding =
  (response: string): Behaviour =>
  (socket) =>
    socket.write(response);
/** Sends response headers without end. */
export const endlessHeaders = (socket: Socket, status: string): void => {
  socket.write(`HTTP/1.1 ${status} X\r\n`);
  flood(socket, `x-flood: ${'a'.repeat(1000)}\r\n`);
};
/** Sends interim responses without end. */
export const endlessInterim = (socket: Socket, status: string): void =>
  flood(socket, `HTTP/1.1 ${status} Interim\r\nlink: </a>\r\n\r\n`);
/** Sends headers and a first chunk, then nothing more. */
export const stalledBody: Behaviour = (socket) => {
  socket.write(`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`);
};
/** Sends headers, then a body without end. */
export const endlessBody: Behaviour = (socket) => {
  socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`);
  flood(socket, `400\r\n${'b'.repeat(0x400)}\r\n`);
};
