/**
 * `npm run demo`: shows a running service at work. Creates a product, a customer and three
 * subscriptions on a receiver of its own: one is healthy, one fails twice and then accepts, one is
 * down. Posts a dozen events and prints the outcomes.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { ROOT } from './toolchain.mjs';

const EVENTS = 12;
const SCHEDULE = [1, 2, 3];
const TIMEOUT_MS = 60_000;

const url = process.env.SIGNPOST_URL ?? `http://127.0.0.1:${process.env.SIGNPOST_PORT ?? 8080}`;
const dataDir = process.env.SIGNPOST_DATA_DIR ?? path.join(ROOT, '.signpost');
const tag = Date.now().toString(36);

if (process.argv.includes('--help')) {
  console.log(`usage: npm run demo

Shows a running Signpost at work. The service must be allowed to deliver to 127.0.0.1, which is the
default with the embedded Postgres.

  SIGNPOST_URL        URL of the service (default: ${url})
  SIGNPOST_ADMIN_KEY  admin key (default: the key that npm start generated)`);
  process.exit(0);
}

const adminKey = process.env.SIGNPOST_ADMIN_KEY ?? readKey();
const receiver = await startReceiver();
try {
  await run();
} catch (error) {
  console.error(`The demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  receiver.server.closeAllConnections();
  receiver.server.close();
}

async function run() {
  console.log(`Signpost at ${url}; receiver at ${receiver.url}\n`);
  await call('POST', '/v1/products', { id: `demo-${tag}`, name: 'Demo', enabled: true });
  await call('PUT', `/v1/event-types/demo.payment-${tag}.v1`, {
    productId: `demo-${tag}`,
    description: 'A payment was confirmed.',
    schema: {
      type: 'object',
      required: ['paymentId', 'amount'],
      properties: { paymentId: { type: 'string' }, amount: { type: 'number' } },
    },
  });
  await call('POST', '/v1/customers', {
    id: `customer-${tag}`,
    name: 'Demo customer',
    productId: `demo-${tag}`,
    retrySchedule: SCHEDULE,
  });
  const { items: subscriptions } = await call('PUT', `/v1/customers/customer-${tag}/subscriptions`, {
    subscriptions: ['healthy', 'flaky', 'dead'].map((name) => ({
      name,
      url: `${receiver.url}/${name}`,
      eventTypes: [`demo.payment-${tag}.v1`],
    })),
  });
  for (const { name, secret } of subscriptions) receiver.webhooks.set(name, new Webhook(secret));
  console.log(`Created one product, one customer and three subscriptions (retries after ${SCHEDULE.join(', ')} s):`);
  console.log('  healthy  accepts everything');
  console.log('  flaky    fails twice, then accepts');
  console.log('  dead     always returns 503\n');

  for (let i = 1; i <= EVENTS; i++) {
    await call('POST', '/v1/events', {
      type: `demo.payment-${tag}.v1`,
      customerId: `customer-${tag}`,
      data: { paymentId: `P-${i}`, amount: 10 * i },
    });
  }
  console.log(`Posted ${EVENTS} events; waiting for ${EVENTS * subscriptions.length} notifications to finish …\n`);
  const rows = [];
  for (const subscription of subscriptions) rows.push(await outcome(subscription));
  console.table(Object.fromEntries(rows));
  console.log(
    `\nSignatures checked with the standardwebhooks library: ${receiver.verified} valid, ${receiver.refused} invalid.`,
  );
  const { items } = await call('GET', `/v1/notifications?customerId=customer-${tag}&status=failed&limit=1`);
  console.log('\nWhere to look next:');
  console.log(`  web UI          ${url}/logs?customerId=customer-${tag}&status=failed`);
  console.log(`  API             curl -s -H 'X-API-Key: …' ${url}/v1/notifications/${items[0]?.id}`);
  console.log(`  Temporal UI     ${temporalUi()}`);
  console.log(`    filter        SignpostCustomer = "customer-${tag}" AND ExecutionStatus = "Failed"`);
  console.log(`    one workflow  ${items[0]?.workflowId}`);
  if (receiver.refused > 0) throw new Error(`${receiver.refused} signatures were invalid`);
}

/** Waits until all notifications of a subscription are closed. @returns a row of the table */
async function outcome({ id, name }) {
  const until = Date.now() + TIMEOUT_MS;
  for (;;) {
    const { items } = await call('GET', `/v1/subscriptions/${id}/notifications?limit=${EVENTS}`);
    const closed = items.filter(({ status }) => ['delivered', 'failed', 'cancelled'].includes(status));
    if (closed.length === EVENTS) {
      const attempts = items.map(({ attemptCount }) => attemptCount);
      const count = (status) => items.filter((item) => item.status === status).length;
      return [
        name,
        {
          delivered: count('delivered'),
          failed: count('failed'),
          'attempts each': [...new Set(attempts)].join(', '),
          'last response': items[0].lastError?.message ?? `HTTP ${items[0].lastResponseStatus}`,
        },
      ];
    }
    if (Date.now() > until)
      throw new Error(
        `${name}: only ${closed.length} of ${EVENTS} notifications finished within ${TIMEOUT_MS / 1000} s`,
      );
    await sleep(200);
  }
}

async function call(method, route, body) {
  let response;
  try {
    response = await fetch(url + route, {
      method,
      headers: { 'x-api-key': adminKey, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error(`no service responds at ${url}: start it with npm start, or set SIGNPOST_URL`);
  }
  const json = await response.json();
  if (!response.ok)
    throw new Error(`${method} ${route}: ${json.code}, ${json.detail} ${JSON.stringify(json.errors ?? '')}`);
  return json;
}

function readKey() {
  try {
    return readFileSync(path.join(dataDir, 'admin-key'), 'utf8').trim();
  } catch {
    console.error('No admin key found. Start the service with npm start first, or set SIGNPOST_ADMIN_KEY.');
    process.exit(1);
  }
}

/** URL of the embedded server's UI. The address of another Temporal UI is not known here. */
function temporalUi() {
  try {
    const { uiPort } = JSON.parse(readFileSync(path.join(dataDir, 'temporal', 'server.json'), 'utf8'));
    return `http://127.0.0.1:${uiPort}/namespaces/default/workflows`;
  } catch {
    return '(the URL that npm start printed)';
  }
}

async function startReceiver() {
  const state = { webhooks: new Map(), verified: 0, refused: 0, seen: new Map() };
  state.server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const name = request.url.slice(1);
    try {
      state.webhooks.get(name).verify(Buffer.concat(chunks).toString('utf8'), request.headers);
      state.verified += 1;
    } catch {
      state.refused += 1;
    }
    const key = `${name} ${request.headers['webhook-id']}`;
    const times = (state.seen.get(key) ?? 0) + 1;
    state.seen.set(key, times);
    response.writeHead(name === 'dead' || (name === 'flaky' && times <= 2) ? 503 : 204).end();
  });
  await new Promise((resolve) => state.server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${state.server.address().port}`;
  return state;
}
