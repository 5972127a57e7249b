import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { PlayReceiver } from '../../../src/api/play/play-receiver';
import { newUuid } from '../../../src/domain/ids';
import { Problem } from '../../../src/domain/problems';
import type { Database } from '../../../src/store/db/database';
import { TEST_SEALER } from '../../support/seed';
import { until } from '../../support/until';

/** Requests from outside: how many at a time, and how long for. Postgres is not needed for that. */
const KNOWN = 'a'.repeat(40);
/** The inbox of another customer. */
const OTHER = 'b'.repeat(40);
let delaySeconds: number;
let admitted: unknown[][];
/** Failed look-ups that the limit still allows. */
let guesses: number;
/** Requests that are received now. */
let received: number;
let server: Server;
let url: string;
let pending: ClientRequest[];

const db = {
  async query({ text, values = [] }: { text: string; values?: unknown[] }) {
    const token = String(values[0]);
    const isKnown = text.includes('where i.token = $1') && [KNOWN, OTHER].includes(token);
    const answer = { response_status: 200, delay_seconds: delaySeconds, response_body: 'done' };
    return { rows: isKnown ? [{ id: newUuid(), token, customer_id: `of ${token}`, ...answer }] : [], rowCount: 1 };
  },
  transaction: <T>(work: (executor: Database) => Promise<T>) => work(db),
} as unknown as Database;

beforeEach(async () => {
  [delaySeconds, admitted, guesses, received, pending] = [0, [], 5, 0, []];
  const limits = {
    async admit(name: string, key: string) {
      admitted.push([name, key]);
      if (name === 'failedCredentials' && guesses-- <= 0) throw new Problem('too-many-requests', 'Too many.');
      return {};
    },
  };
  const receiver = new PlayReceiver({
    db,
    sealer: TEST_SEALER,
    limits: limits as never,
    log: pino({ level: 'silent' }),
  });
  server = createServer((request, response) => {
    received += 1;
    void receiver.receiveFrom(request, response, '203.0.113.1').finally(() => (received -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/play/in/`;
});
afterEach(async () => {
  for (const one of pending) one.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends a request without the end of its body. */
function begin(): { end(): void; answer: Promise<IncomingMessage>; sent: ClientRequest } {
  const sent = httpRequest(url + KNOWN, { method: 'POST', agent: false });
  pending.push(sent);
  const answer = new Promise<IncomingMessage>((resolve) => sent.on('error', () => undefined).on('response', resolve));
  sent.write('{');
  return { end: () => sent.end('}'), answer, sent };
}
const reaches = (count: number) =>
  until(
    async () => received,
    (now) => now === count,
  );
const statusOf = async (token = KNOWN) => (await fetch(url + token, { method: 'POST', body: '{}' })).status;

it('tokens that are guessed count as failed credentials of their address', async () => {
  const statuses: number[] = [];
  for (let guess = 0; guess < 6; guess++) statuses.push(await statusOf(String(guess).repeat(40)));
  expect(statuses).toEqual([404, 404, 404, 404, 404, 429]);
  expect(admitted).toEqual(Array(6).fill(['failedCredentials', '203.0.113.1']));
});

it('25 requests of a customer are received at a time, a further one is refused, and each that ends makes room', async () => {
  const requests = Array.from({ length: 25 }, begin);
  await reaches(25);
  expect(await statusOf(OTHER)).toBe(200);
  const refused = await fetch(url + KNOWN, { method: 'POST', body: '{}' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  for (const { end } of requests) end();
  const statuses = await Promise.all(requests.map(async ({ answer }) => (await answer).statusCode));
  expect(new Set(statuses)).toEqual(new Set([200]));
  await reaches(0);
  expect(await statusOf()).toBe(200);
});

it('nothing waits for a sender that has gone', async () => {
  // Longer than the test waits.
  delaySeconds = 600;
  const { end, sent } = begin();
  end();
  await until(
    async () => admitted.length,
    (count) => count === 1,
  );
  sent.destroy();
  await reaches(0);
});
