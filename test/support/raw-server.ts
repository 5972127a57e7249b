import { readFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

/** A certificate of nobody's authority, for `receiver.test`, and its key; both are for tests only. */
export const TEST_CERTIFICATE = readFileSync(path.join(__dirname, 'tls', 'cert.pem'), 'utf8');
const TEST_KEY = readFileSync(path.join(__dirname, 'tls', 'key.pem'), 'utf8');

/** A server that does with each connection what a test says, for receivers that do not behave. */
export interface RawServer {
  port: number;
  url(path?: string): string;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** What a server does with a connection; it gets the first bytes that come over it, and then what is written to the socket goes out. */
export type Behaviour = (socket: Socket, firstBytes: Buffer) => void;

export async function startRawServer(behave: Behaviour, options: { tls?: boolean } = {}): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const onConnection = (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The client hangs up when it has had enough; that is what is tested.
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

/** Writes the same bytes again and again for as long as the other side takes them. */
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
/** One response, written as it is. */
export const saying =
  (response: string): Behaviour =>
  (socket) =>
    socket.write(response);
/** One header that never ends, in all but name. */
export const endlessHeaders: Behaviour = (socket) => {
  socket.write(OK);
  flood(socket, `x-flood: ${'a'.repeat(1000)}\r\n`);
};
/** Interim responses without end. */
export const endlessInterim: Behaviour = (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
/** Headers, a first chunk, then nothing more. */
export const stalledBody: Behaviour = (socket) => {
  socket.write(`${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`);
};
/** Headers, then as much body as is taken. */
export const endlessBody: Behaviour = (socket) => {
  socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`);
  flood(socket, `400\r\n${'b'.repeat(0x400)}\r\n`);
};
