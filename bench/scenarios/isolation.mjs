/** How much one customer's trouble delays the deliveries of another customer. */
import { createServer } from 'node:http';
import { openLoop, startReceivers } from '../load.mjs';
import { canReplaceNameServer, startWithNameServer } from '../name-server.mjs';
import { onboard, startService } from '../signpost.mjs';
import { summarise } from '../statistics.mjs';
import { TROUBLES } from './isolation-troubles.mjs';

const PER_SECOND = 20;
const WARM_UP_EVENTS = 100;
const QUICK_SCALE = 0.05;
const MAX_ROUNDS = 3;

export const isolation = {
  name: 'isolation',
  about:
    'Accept and send to receipt for a healthy customer at 20 events a second: alone, and beside the trouble of another customer',
  async run({ environment, sizes, subjects, quick }) {
    if (!subjects.includes('signpost')) return [];
    const tables = [];
    for (const trouble of TROUBLES) {
      if (trouble.deadNameServer && !canReplaceNameServer()) {
        console.log(`Skipping "${trouble.title}": only root on Linux can replace the name server of one process.`);
        continue;
      }
      const rounds = [];
      for (let round = 0; round < Math.min(MAX_ROUNDS, sizes.rounds); round++)
        rounds.push(await runRound(trouble, { environment, sizes, scale: quick ? shrink : (count) => count }));
      const [alone, beside] = ['alone', 'beside'].map((part) => summarise(rounds.map((figures) => figures[part])));
      tables.push({ title: `Beside ${trouble.title}`, reference: 'alone', rows: { alone, beside } });
    }
    return tables;
  },
};

/** Each round has a service of its own, so that no trouble outlives it. */
async function runRound(trouble, { environment, sizes, scale }) {
  const receivers = await startReceivers(1);
  const troubled = await startTroubledReceiver();
  const sandbox = await environment.sandbox();
  const start = trouble.deadNameServer ? startWithNameServer : startService;
  const service = await start(environment, sandbox);
  const { send } = await onboard(service.url, receivers.urls);
  await openLoop(send, receivers, { events: WARM_UP_EVENTS, perSecond: 2 * PER_SECOND, tag: 'warm-up' });
  const loop = { events: Math.ceil(PER_SECOND * sizes['latency-seconds']), perSecond: PER_SECOND };
  const alone = await openLoop(send, receivers, { ...loop, tag: 'alone' });
  const end = await trouble.begin({ service, scale, ...troubled });
  const beside = await openLoop(send, receivers, { ...loop, tag: 'beside' });
  await end?.();
  troubled.close();
  await service.stop();
  receivers.close();
  return { alone, beside };
}

function shrink(count) {
  return Math.ceil(count * QUICK_SCALE);
}

/** A receiver that hangs, or fails and hangs later. It has a port of its own. */
async function startTroubledReceiver() {
  let hasTurned = false;
  const server = createServer((request, response) => {
    request.resume();
    const { url } = request;
    if (url.startsWith('/hang') || (url === '/fail' && hasTurned)) return;
    response.writeHead(url === '/fail' ? 503 : 204).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    turn: () => (hasTurned = true),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
