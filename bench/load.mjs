/** The load generator and the receivers. */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { quantile } from './statistics.mjs';

const PATIENCE_MS = 240_000;

/** Receivers that note when each event reached each of them. */
export async function startReceivers(count) {
  const arrivals = new Map();
  let received = 0;
  let wake = () => undefined;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      received += 1;
      if (!arrivals.has(request.headers['webhook-id'])) arrivals.set(request.headers['webhook-id'], performance.now());
      response.writeHead(204).end();
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

/** Sends events over keep-alive connections. `prepare` makes the request of an event from its key. */
export function createSender(url, prepare) {
  const agent = new Agent({ connections: 64 });
  const { origin } = new URL(url);
  return async function send(key) {
    const { path, headers, body } = prepare(key);
    const response = await agent.request({ origin, path, method: 'POST', headers, body });
    await response.body.dump();
    if (response.statusCode !== 202) throw new Error(`answered ${response.statusCode}`);
  };
}

/** Closed loop: so many at once, each sending the next event when the last is accepted. @returns seconds to accept and to deliver all */
export async function closedLoop(send, receivers, { events, atOnce, fanOut, tag }) {
  receivers.reset();
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < events) await send(`${tag}-${next++}`);
    }),
  );
  const acceptSeconds = (performance.now() - started) / 1000;
  await receivers.waitFor(events * fanOut);
  return { acceptSeconds, deliverSeconds: (performance.now() - started) / 1000 };
}

/** Open loop: an event every so often, whatever became of those before. @returns milliseconds from send to receipt, p50 and p99 */
export async function openLoop(send, receivers, { events, perSecond, tag }) {
  receivers.reset();
  const sent = new Map();
  const started = performance.now();
  const pending = [];
  for (let index = 0; index < events; index++) {
    await sleep(Math.max(0, started + (index * 1000) / perSecond - performance.now()));
    const key = `${tag}-${index}`;
    sent.set(key, performance.now());
    pending.push(send(key));
  }
  await Promise.all(pending);
  await receivers.waitFor(events);
  const latencies = [...sent].map(([key, at]) => receivers.arrivals.get(key) - at).sort((a, b) => a - b);
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}
