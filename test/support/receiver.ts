import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { challengeResponse } from '../../src/domain/signing';

/** A request as received. */
export interface ReceivedRequest {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  at: Date;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export type Answering = number | Answer | ((request: ReceivedRequest) => Answer | Promise<Answer>);

/** A real HTTP receiver that stores its requests. */
export interface Receiver {
  requests: ReceivedRequest[];
  url(path?: string): string;
  port: number;
  /**
   * Sets the answer from now on. Of a list, each answer is used once and the last one repeatedly.
   */
  answerWith(answer: Answering | Answering[]): void;
  /** Answers challenges with this secret, and other requests as before. */
  answerChallenges(secret: string): void;
  /** Handles the raw response, for example to never end it. */
  answerRaw(handler: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void;
  /** Resolves after `count` requests have arrived. */
  waitFor(count: number, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  let answers: Answering[] = [200];
  let challengeSecret: string | undefined;
  let raw: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  let waiting: { count: number; resolve: () => void }[] = [];

  async function answer(received: ReceivedRequest): Promise<Answer> {
    const token = new URL(received.path, 'http://receiver').searchParams.get('crc_token');
    if (token !== null && challengeSecret !== undefined) {
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ response_token: challengeResponse(challengeSecret, token) }),
      };
    }
    const next = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (typeof next === 'function') return next(received);
    return typeof next === 'number' ? { status: next } : next;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      at: new Date(),
    };
    requests.push(received);
    waiting = waiting.filter(({ count, resolve }) => {
      if (requests.length >= count) resolve();
      return requests.length < count;
    });
    if (raw) {
      raw(request, response);
      return;
    }
    const { status, headers, body } = await answer(received);
    response.writeHead(status, headers).end(body);
  }

  const server: Server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    requests,
    port: bound,
    url: (path = '/') => `http://127.0.0.1:${bound}${path}`,
    answerWith(answer) {
      answers = Array.isArray(answer) ? [...answer] : [answer];
    },
    answerChallenges(secret) {
      challengeSecret = secret;
    },
    answerRaw(handler) {
      raw = handler;
    },
    async waitFor(count, timeoutMs = 60_000) {
      if (requests.length >= count) return;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${requests.length} of ${count} requests came within ${timeoutMs} ms`)),
          timeoutMs,
        );
        waiting.push({
          count,
          resolve: () => {
            clearTimeout(timer);
            resolve();
          },
        });
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Registers the hooks that start a new receiver for each test.
 *
 * @returns the current test's receiver
 */
export function useReceiver(): Receiver {
  const receiver = {} as Receiver;
  beforeEach(async () => void Object.assign(receiver, await startReceiver()));
  afterEach(() => receiver.close());
  return receiver;
}

/** Runs a test with a receiver of its own, which tests that run at the same time need. */
export async function withReceiver(test: (receiver: Receiver) => Promise<void>): Promise<void> {
  const receiver = await startReceiver();
  try {
    await test(receiver);
  } finally {
    await receiver.close();
  }
}
