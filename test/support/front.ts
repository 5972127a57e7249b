import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What becomes of a request: an answer of this status, an answer that is lost, one that breaks off or never comes, one that is no JSON, or a broken
 * connection.
 */
export type Fate = number | 'lose' | 'break' | 'break off' | 'hang' | 'html';

/** Stands before the API and spoils what it is told to, as networks, proxies and overload do. */
export interface Front {
  url: string;
  port: number;
  /** Of the next requests; those after them go through. */
  spoil: Fate[];
  /** Of answers by status. */
  headers: Record<string, string>;
  seen: { method: string; path: string; idempotencyKey: string | undefined; apiKey: string | undefined; at: number }[];
  reset(): void;
  stop(): Promise<void>;
}

/** @param port - @default a free one */
export async function startFront(target: string, port = 0): Promise<Front> {
  const server = createServer((request, response) => void pass(request, response));
  const front: Front = {
    url: '',
    port,
    spoil: [],
    headers: {},
    seen: [],
    reset: () => void Object.assign(front, { spoil: [], seen: [], headers: {} }),
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
    front.seen.push({ method, path: url, idempotencyKey, apiKey, at: Date.now() });
    const fate = front.spoil.shift();
    if (fate === 'break') return void request.socket.destroy();
    if (fate === 'hang') return;
    if (fate === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello</p>');
    if (typeof fate === 'number') return void response.writeHead(fate, front.headers).end('{"not":"a problem"}');
    const { host: _, connection: __, 'content-length': ___, ...passed } = headers;
    const answer = await fetch(target + url, {
      method,
      headers: passed as Record<string, string>,
      body: method === 'GET' ? undefined : Buffer.concat(chunks),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (fate === 'lose') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    if (fate === 'break off') return void response.write(body.subarray(0, 5), () => request.socket.destroy());
    response.end(body);
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  front.port = (server.address() as AddressInfo).port;
  front.url = `http://127.0.0.1:${front.port}`;
  return front;
}
