/** Starts the service and sets it up like a product line does. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ROOT } from '../scripts/toolchain.mjs';
import { createPoster } from './load.mjs';
import { startProcess } from './processes.mjs';

const ADMIN_KEY = 'bench-admin-key-0123456789';
/** Shared by all processes: those of one sandbox read the same sealed secrets. */
const MASTER_KEY = randomBytes(32).toString('base64');
const SCHEMA = {
  type: 'object',
  required: ['paymentId'],
  properties: { paymentId: { type: 'string' }, amount: { type: 'number' } },
};

/**
 * Starts a process of the service in a sandbox.
 *
 * @param prefix - a command that runs the command that follows it
 * @returns the process, with the `url` of its API
 */
export async function startService(environment, sandbox, env = {}, prefix = []) {
  const [command, ...args] = [...prefix, process.execPath, path.join(ROOT, 'dist', 'main.js')];
  const child = await startProcess(
    command,
    args,
    {
      DATABASE_URL: sandbox.database.url,
      TEMPORAL_ADDRESS: environment.temporalAddress,
      TEMPORAL_NAMESPACE: sandbox.namespace.name,
      SIGNPOST_HOST: '127.0.0.1',
      SIGNPOST_PORT: '0',
      SIGNPOST_ADMIN_KEY: ADMIN_KEY,
      SIGNPOST_MASTER_KEY: MASTER_KEY,
      SIGNPOST_ALLOW_ADDRESSES: '127.0.0.0/8',
      SIGNPOST_ALLOW_URLS: 'http://127.0.0.1:*',
      SIGNPOST_DATA_DIR: environment.directory,
      SIGNPOST_LOG_LEVEL: 'error',
      ...env,
    },
    /^ready$/m,
  );
  return { ...child, url: /^ {2}API +(\S+)$/m.exec(child.output())?.[1] };
}

/** Makes one JSON call as an admin. @throws Error with the response if its status is not 2xx */
export async function callApi(url, method, route, body) {
  const response = await fetch(url + route, {
    method,
    headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route} returned ${response.status}: ${text.slice(0, 500)}`);
  return text ? JSON.parse(text) : undefined;
}

/**
 * Sets up a product, an event type with a schema, a customer, and a subscription for each receiver.
 *
 * @param settings - of the subscriptions (default: those of the service)
 * @returns `send(key)`, which posts one event; `sendBatch(keys)`, which posts many in one call; and
 *   the ids of the created objects
 */
export async function onboard(url, receiverUrls, settings = {}) {
  const tag = randomBytes(4).toString('hex');
  const id = `bench-${tag}`;
  const type = `bench.happened-${tag}.v1`;
  await callApi(url, 'POST', '/v1/products', { id, name: 'Bench', enabled: true });
  await callApi(url, 'PUT', `/v1/event-types/${type}`, { productId: id, schema: SCHEMA });
  await callApi(url, 'POST', '/v1/customers', { id, name: 'Bench', productId: id });
  const { key: apiKey } = await callApi(url, 'POST', '/v1/api-keys', { name: 'bench', role: 'product', productId: id });
  const subscriptionIds = [];
  for (const [index, receiver] of receiverUrls.entries()) {
    const subscription = { customerId: id, name: `s${index}`, url: receiver, eventTypes: [type], ...settings };
    subscriptionIds.push((await callApi(url, 'POST', '/v1/subscriptions', subscription)).id);
  }
  const headers = { 'content-type': 'application/json', 'x-api-key': apiKey };
  const event = (key) => ({ id: key, type, customerId: id, data: { paymentId: 'P-1', amount: 125.5 } });
  const post = createPoster(url);
  return {
    send: (key) => post('/v1/events', headers, JSON.stringify(event(key))),
    async sendBatch(keys) {
      const answer = await post('/v1/events/batch', headers, JSON.stringify({ events: keys.map(event) }));
      const refused = JSON.parse(answer).results.find(({ status }) => status !== 202);
      if (refused) throw new Error(`an event of a batch was refused: ${JSON.stringify(refused)}`);
    },
    customerId: id,
    productId: id,
    type,
    subscriptionIds,
  };
}
