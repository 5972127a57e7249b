import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * How a request fails: with this status, with a response that is lost, cut off, absent or HTML
 * instead of JSON, or with a broken connection before the API sees it.
 */
export type Failure = number | 'lose' | 'break' | 'break off' | 'hang' | 'html';

/** A proxy in front of the API that fails chosen requests, as networks and overload do. */
export interface FaultyProxy {
  url: string;
  port: number;
  /** Failures of the next requests, in order. Later requests pass. */
  failures: Failure[];
  /** Response headers of failures by status. */
  headers: Record<string, string>;
  seen: { method: string; path: string; idempotencyKey: string | undefined; apiKey: string | undefined; at: number }[];
  reset(): void;
  stop(): Promise<void>;
}

/** @param port - 0 takes any free port */
export async function startFaultyProxy(target: string, port = 0): Promise<FaultyProxy> {
  const server = createServer((request, response) => void pass(request, response));
  const proxy: FaultyProxy = {
    url: '',
    port,
    failures: [],
    headers: {},
    seen: [],
    reset: () => void Object.assign(proxy, { failures: [], seen: [], headers: {} }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const { 'idempotency-key': idempotencyKey, 'x-api-key': apiKey } = headers as Record<string, string | undefined>;
    proxy.seen.push({ method, path: url, idempotencyKey, apiKey, at: Date.now() });
    const failure = proxy.failures.shift();
    if (failure === 'break') return void request.socket.destroy();
    if (failure === 'hang') return;
    if (failure === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello</p>');
    if (typeof failure === 'number') return void response.writeHead(failure, proxy.headers).end('{"not":"a problem"}');
    const { host: _, connection: __, 'content-length': ___, ...passed } = headers;
    const answer = await fetch(target + url, {
      method,
      headers: passed as Record<string, string>,
      body: method === 'GET' ? undefined : Buffer.concat(chunks),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (failure === 'lose') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    if (failure === 'break off') return void response.write(body.subarray(0, 5), () => request.socket.destroy());
    response.end(body);
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  proxy.port = (server.address() as AddressInfo).port;
  proxy.url = `http://127.0.0.1:${proxy.port}`;
  return proxy;
}
