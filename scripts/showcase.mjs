/**
 * A service of its own with realistic data, for scripts that look at the web UI: endpoints that
 * work, one that fails at times, one that is down, and one that is gone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './toolchain.mjs';

export const ADMIN_KEY = 'admin-key-of-the-pictures';
const TYPES = ['payment.confirmed.v1', 'payment.confirmed.v1', 'payment.refused.v1', 'refund.created.v1'];
const CUSTOMERS = ['acme', 'globex', 'acme', 'northwind', 'globex'];
const BATCH = 200;

/** Starts the service and its receiver, and creates its customers and endpoints. */
export async function startShowcase() {
  const directory = mkdtempSync(path.join(tmpdir(), 'signpost-showcase-'));
  const receiver = await startReceiver();
  const service = await startService(directory);
  const call = (method, route, body) => callService(service.url, method, route, body);
  const endpoints = await setUp(call, receiver.url);
  return {
    url: service.url,
    call,
    endpoints,
    traffic: (untilMs) => traffic(call, untilMs),
    addHeld: (count) => addHeld(call, endpoints.disabled, count),
    async stop() {
      receiver.server.closeAllConnections();
      receiver.server.close();
      service.process.kill('SIGTERM');
      await service.ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function startReceiver() {
  let seen = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.url.startsWith('/down')) response.writeHead(503, { 'content-type': 'application/json' });
      else if (request.url.startsWith('/gone')) response.writeHead(410);
      else response.writeHead(request.url.startsWith('/flaky') && seen++ % 6 === 0 ? 500 : 204);
      response.end(request.url.startsWith('/down') ? '{"error":"maintenance until noon"}' : undefined);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

async function startService(directory) {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', 'main.js')], {
    env: {
      ...process.env,
      SIGNPOST_PORT: '0',
      SIGNPOST_DATA_DIR: path.join(directory, 'data'),
      SIGNPOST_ADMIN_KEY: ADMIN_KEY,
      SIGNPOST_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (/^ready$/m.test(output)) resolve(/^ {2}API +(\S+)$/m.exec(output)[1]);
    });
    void ended.then(() => reject(new Error(`The service exited:\n${output}`)));
  });
  return { process: child, ended, url };
}

async function callService(url, method, route, body) {
  const response = await fetch(url + route, {
    method,
    headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function setUp(call, receiverUrl) {
  await call('POST', '/v1/products', { id: 'payments', name: 'Payments', enabled: true });
  const schema = {
    type: 'object',
    required: ['paymentId', 'amount'],
    properties: {
      paymentId: { type: 'string', description: 'Of the payment.' },
      amount: { type: 'number', description: 'In the currency of the account.' },
      date: { type: 'string', format: 'date-time' },
    },
  };
  for (const [name, description] of [
    ['payment.confirmed.v1', 'A payment was confirmed.'],
    ['payment.refused.v1', 'A payment was refused by the bank.'],
    ['refund.created.v1', 'Money goes back to the payer.'],
  ])
    await call('PUT', `/v1/event-types/${name}`, { productId: 'payments', description, schema });
  for (const [id, name] of [
    ['acme', 'Acme Trading'],
    ['northwind', 'Northwind'],
    ['globex', 'Globex'],
  ])
    await call('POST', '/v1/customers', { id, name, productId: 'payments' });
  const endpoint = (customerId, name, where, eventTypes = ['payment.*.v1']) =>
    call('POST', '/v1/subscriptions', { customerId, name, url: receiverUrl + where, eventTypes });
  await endpoint('acme', 'Bookkeeping', '/hooks/payments');
  const flaky = await endpoint('acme', 'Reporting', '/flaky/reports', ['*.*.v1']);
  const down = await endpoint('northwind', 'ERP', '/down/erp');
  await endpoint('northwind', 'Warehouse', '/hooks/refunds', ['refund.created.v1']);
  await endpoint('globex', 'Audit', '/gone', ['payment.confirmed.v1']);
  await endpoint('globex', 'Data lake', '/hooks/lake', ['*.*.v1']);
  const disabled = await call('POST', '/v1/subscriptions', {
    customerId: 'globex',
    name: 'Archive',
    url: `${receiverUrl}/hooks/archive`,
    eventTypes: ['*.*.v1'],
    channels: ['archive'],
    enabled: false,
  });
  return { down, flaky, disabled };
}

const eventOf = (count) => ({
  type: TYPES[count % TYPES.length],
  customerId: CUSTOMERS[count % CUSTOMERS.length],
  data: { paymentId: `P-${1000 + count}`, amount: 12.5 + (count % 80), date: new Date().toISOString() },
});

/** Posts some events a second, at a rate that rises and falls. */
async function traffic(call, untilMs) {
  for (let count = 0; Date.now() < untilMs; count++) {
    await call('POST', '/v1/events', eventOf(count));
    await sleep(150 + 500 * Math.abs(Math.sin(Date.now() / 45_000)));
  }
}

/** Adds many notifications that nothing delivers: their endpoint is disabled. */
async function addHeld(call, endpoint, count) {
  for (let from = 0; from < count; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
      ...eventOf(from + index),
      customerId: endpoint.customerId,
      channels: endpoint.channels,
    }));
    await call('POST', '/v1/events/batch', { events });
  }
}
