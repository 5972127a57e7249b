import { createServer, type IncomingHttpHeaders } from 'node:http';
import net, { type AddressInfo } from 'node:net';

/** A CONNECT request as the proxy received it. */
export interface Tunnel {
  target: string;
  headers: IncomingHttpHeaders;
}

/** A real HTTP proxy for CONNECT. */
export interface ConnectProxy {
  url: URL;
  tunnels: Tunnel[];
  /** Answers some targets with a status instead of connecting. */
  refuseWith(statusOf: (target: string) => number | undefined): void;
  close(): Promise<void>;
}

/** @param credentials - `user:password` that the proxy demands */
export async function startConnectProxy(credentials?: string): Promise<ConnectProxy> {
  const tunnels: Tunnel[] = [];
  const sockets = new Set<net.Socket>();
  let refusal: (target: string) => number | undefined = () => undefined;
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('connect', ({ url = '', headers }, client: net.Socket) => {
    tunnels.push({ target: url, headers });
    const status = expected !== undefined && headers['proxy-authorization'] !== expected ? 407 : refusal(url);
    if (status !== undefined) return client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    const { hostname, port } = new URL(`http://${url}`);
    const upstream = net.connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
    sockets.add(upstream);
    upstream.on('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    client.on('close', () => upstream.destroy());
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://${credentials ? `${credentials}@` : ''}127.0.0.1:${port}`),
    tunnels,
    refuseWith: (statusOf) => (refusal = statusOf),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
