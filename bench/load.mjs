/** The load generator and the receivers. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { quantiles } from './statistics.mjs';

const TIMEOUT_MS = 600_000;
/** A request is repeated this often after a 429 before it fails. */
const MAX_REFUSALS = 600;

/**
 * Starts receivers on one loopback port. They note when each event first arrived.
 *
 * @param respond - returns the response status for a path and headers (default: 204)
 */
export async function startReceivers(count, respond = () => 204) {
  const arrivals = new Map();
  let received = 0;
  let wake = () => undefined;
  const server = createServer((request, response) => {
    request.once('data', (chunk) => {
      // All subjects send it first. The header webhook-id is not the sender's own in all of them.
      const key = /^\{"(?:id|key)":"([^"]*)"/.exec(chunk.toString('utf8'))?.[1];
      if (!arrivals.has(key)) arrivals.set(key, performance.now());
    });
    request.on('end', () => {
      received += 1;
      response.writeHead(respond(request.url, request.headers)).end();
      wake();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    urls: Array.from({ length: count }, (_, index) => `http://127.0.0.1:${port}/${index}`),
    arrivals,
    reset() {
      arrivals.clear();
      received = 0;
    },
    received: () => received,
    async waitFor(wanted) {
      const until = Date.now() + TIMEOUT_MS;
      while (received < wanted) {
        if (Date.now() > until) throw new Error(`only ${received} of ${wanted} arrived within ${TIMEOUT_MS / 1000} s`);
        await Promise.race([new Promise((resolve) => (wake = resolve)), sleep(1000)]);
      }
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Creates a client with keep-alive connections. After a 429 it repeats the request when
 * `Retry-After` allows it.
 *
 * @returns `post(path, headers, body)`, which resolves to the text of the response
 */
export function createPoster(url) {
  const agent = new Agent({ connections: 64 });
  const { origin } = new URL(url);
  return async function post(path, headers, body) {
    for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
      const response = await agent.request({ origin, path, method: 'POST', headers, body });
      const text = await response.body.text();
      if (response.statusCode < 300) return text;
      if (response.statusCode !== 429)
        throw new Error(`${path} returned ${response.statusCode}: ${text.slice(0, 300)}`);
      await sleep(Number(response.headers['retry-after'] ?? 1) * 1000);
    }
    throw new Error(`${path} was refused ${MAX_REFUSALS} times`);
  };
}

/** Runs `work(index)` for each index below `count`, at most `concurrency` at a time. */
export async function concurrently(concurrency, count, work) {
  let next = 0;
  const run = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, run));
}

/**
 * Closed loop: `concurrency` senders, each of which posts its next event when the last was
 * accepted.
 *
 * @returns seconds until all events are accepted, and until all are delivered
 */
export async function closedLoop(send, receivers, { events, concurrency, fanOut = 1, tag }) {
  receivers.reset();
  const started = performance.now();
  await concurrently(concurrency, events, (index) => send(`${tag}-${index}`));
  const acceptSeconds = (performance.now() - started) / 1000;
  await receivers.waitFor(events * fanOut);
  return { acceptSeconds, deliverSeconds: (performance.now() - started) / 1000 };
}

/**
 * Open loop: posts events at a fixed rate, whether or not earlier ones have been accepted.
 *
 * @param until - ends the loop early when aborted
 * @returns milliseconds from send to response for each event, and when each was sent
 */
export async function paced(send, { events, perSecond, tag, until }) {
  const sentAt = new Map();
  const acceptMs = [];
  const started = performance.now();
  const pending = [];
  for (let index = 0; index < events && !until?.aborted; index++) {
    await sleep(Math.max(0, started + (index * 1000) / perSecond - performance.now()));
    const key = `${tag}-${index}`;
    const at = performance.now();
    sentAt.set(key, at);
    pending.push(send(key).then(() => acceptMs.push(performance.now() - at)));
  }
  await Promise.all(pending);
  return { acceptMs, sentAt };
}

/**
 * Open loop that lasts until every event is received.
 *
 * @returns p50 and p99 of acceptance and receipt, in milliseconds from the send
 */
export async function openLoop(send, receivers, { events, perSecond, tag }) {
  receivers.reset();
  const { acceptMs, sentAt } = await paced(send, { events, perSecond, tag });
  await receivers.waitFor(events);
  const accept = quantiles(acceptMs);
  const receipt = quantiles([...sentAt].map(([key, at]) => receivers.arrivals.get(key) - at));
  return {
    'accept p50 ms': accept.p50,
    'accept p99 ms': accept.p99,
    'receipt p50 ms': receipt.p50,
    'receipt p99 ms': receipt.p99,
  };
}
