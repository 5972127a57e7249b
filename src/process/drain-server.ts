import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { endsWithin } from './ends-within';

/** How long the server goes on while it reports that it is not ready, for load balancers to see. */
const MIN_MS = 1000;
/** The same while requests keep coming, since somebody has not seen it yet. */
const MAX_MS = 5000;
/** Without a request for this long, nobody is sending any more. */
const QUIET_MS = 500;
const POLL_MS = 25;
/** A turn of the event loop that found nothing to do takes less. */
const IDLE_TURN_MS = 0.2;
const IDLE_TURN_WITHIN_MS = 200;
/** Paths that load balancers and monitoring ask for, also when no request is sent any more. */
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * Stops a server without breaking a request on its way, as a proxy in front of it needs:
 *
 * 1. It goes on for 1 s to 5 s, while the readiness probe fails.
 * 2. It takes no new connections, so that a proxy tries another server. A response on an open
 *    connection closes it. An idle connection stays open for a moment: closing it would break a
 *    request that the proxy is just sending.
 * 3. What is left is closed.
 *
 * @param leftMs - maximum time in all
 */
export async function drainServer(server: Server, leftMs: number): Promise<void> {
  const endsAt = performance.now() + leftMs;
  let requestAt = -Infinity;
  let isClosing = false;
  const requests = holdable(server, (request, response) => {
    if (!isProbe(request)) requestAt = performance.now();
    if (isClosing) response.shouldKeepAlive = false;
  });
  const isQuiet = () => performance.now() - requestAt > QUIET_MS;
  const startedAt = performance.now();
  const half = leftMs / 2;
  await until(() => isQuiet() && elapsed(startedAt) > Math.min(MIN_MS, half), Math.min(MAX_MS, half));

  requests.hold();
  await idleTurn(server);
  isClosing = true;
  const closed = new Promise<void>((resolve) => {
    // Not close() of http.Server, which closes idle connections immediately.
    net.Server.prototype.close.call(server, () => resolve());
  });
  requests.release();
  const closingAt = performance.now();
  await Promise.race([closed, until(() => isQuiet() && elapsed(closingAt) > QUIET_MS, endsAt - performance.now())]);
  server.closeIdleConnections();
  await endsWithin(closed, Math.max(0, endsAt - performance.now()));
  server.closeAllConnections();
}

const isProbe = ({ url = '' }: IncomingMessage) => PROBES.has(url.split('?', 1)[0]!);
const elapsed = (since: number) => performance.now() - since;

async function until(condition: () => boolean, maxMs: number): Promise<void> {
  const since = performance.now();
  while (!condition() && elapsed(since) < maxMs) await sleep(POLL_MS);
}

/** Lets requests wait that have arrived and are not handled yet. */
function holdable(
  server: Server,
  onHandle: (request: IncomingMessage, response: ServerResponse) => void,
): { hold(): void; release(): void } {
  const handlers = server.listeners('request') as RequestListener[];
  let isHolding = false;
  let held: (() => void)[] = [];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const handle = () => {
      onHandle(request, response);
      for (const handler of handlers) handler(request, response);
    };
    if (isHolding) held.push(handle);
    else handle();
  });
  return {
    hold() {
      isHolding = true;
    },
    release() {
      isHolding = false;
      for (const handle of held) handle();
      held = [];
    },
  };
}

/**
 * Resolves right after a turn of the event loop in which no connection was waiting. Those that the
 * system has taken and we have not are reset when the server closes, and a turn takes one of them.
 * While requests are held, turns are short.
 */
async function idleTurn(server: Server): Promise<void> {
  let connections = 0;
  const count = () => void (connections += 1);
  server.on('connection', count);
  const since = performance.now();
  for (let last = since; elapsed(since) < IDLE_TURN_WITHIN_MS; last = performance.now()) {
    const before = connections;
    await nextTurn();
    if (last > since && connections === before && elapsed(last) < IDLE_TURN_MS) break;
  }
  server.off('connection', count);
}
