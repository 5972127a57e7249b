/** The load generator and the receivers. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { quantiles } from './statistics.mjs';

const PATIENCE_MS = 600_000;
/** Whoever is told to come back does so, but not for ever. */
const MAX_REFUSALS = 600;

/**
 * Receivers on one loopback port, that note when each event first reached them.
 *
 * @param respond - the status to answer with; told the path, the headers and how often this event has been here (default: 204)
 */
export async function startReceivers(count, respond = () => 204) {
  const arrivals = new Map();
  let received = 0;
  let wake = () => undefined;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      received += 1;
      if (!arrivals.has(request.headers['webhook-id'])) arrivals.set(request.headers['webhook-id'], performance.now());
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
      const until = Date.now() + PATIENCE_MS;
      while (received < wanted) {
        if (Date.now() > until) throw new Error(`${received} of ${wanted} arrived within ${PATIENCE_MS / 1000} s`);
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
 * Posts over keep-alive connections. A 429 is obeyed: the same request is sent again when `Retry-After` says.
 *
 * @returns `post(path, headers, body)`, which resolves to the text of the answer
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
        throw new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 300)}`);
      await sleep(Number(response.headers['retry-after'] ?? 1) * 1000);
    }
    throw new Error(`${path} was refused ${MAX_REFUSALS} times`);
  };
}

/** Runs `work(index)` for each index below `count`, so many at once. */
export async function atOnce(concurrency, count, work) {
  let next = 0;
  const run = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, run));
}

/**
 * Closed loop: so many at once, each sending the next event when the last is accepted.
 *
 * @returns seconds to accept and to deliver all
 */
export async function closedLoop(send, receivers, { events, concurrency, fanOut = 1, tag }) {
  receivers.reset();
  const started = performance.now();
  await atOnce(concurrency, events, (index) => send(`${tag}-${index}`));
  const acceptSeconds = (performance.now() - started) / 1000;
  await receivers.waitFor(events * fanOut);
  return { acceptSeconds, deliverSeconds: (performance.now() - started) / 1000 };
}

/**
 * Open loop: an event every so often, whatever became of those before.
 *
 * @param until - ends the loop early when it is aborted
 * @returns milliseconds from send to answer of each event, and when each was sent
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

/** Open loop up to the receipt of every event. @returns p50 and p99 of accepting and of receipt, milliseconds from the send */
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
