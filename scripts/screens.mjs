/**
 * `npm run docs:screens`: takes the screenshots in docs/images again. It starts a service of its
 * own and sends it some minutes of traffic, for healthy endpoints, one that fails at times, one
 * that is down, and one that is gone.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import chromiumBinary from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const MINUTES = Number(process.argv[2] ?? 5);
const ADMIN_KEY = 'admin-key-of-the-pictures';
const IMAGES = path.join(ROOT, 'docs', 'images');
const WIDE = { width: 1280, height: 900 };

checkNode();
ensureInstalled();
ensureBuilt();
mkdirSync(IMAGES, { recursive: true });
const directory = mkdtempSync(path.join(tmpdir(), 'signpost-screens-'));
const receiver = await startReceiver();
const service = await startService();
try {
  const { down, flaky } = await setUp();
  console.log(`${MINUTES} minutes of traffic …`);
  await traffic(Date.now() + MINUTES * 60_000);
  await takePictures({ down, flaky });
} finally {
  receiver.server.closeAllConnections();
  receiver.server.close();
  service.process.kill('SIGTERM');
  await service.ended;
  rmSync(directory, { recursive: true, force: true });
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

async function startService() {
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

async function call(method, route, body) {
  const response = await fetch(service.url + route, {
    method,
    headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function setUp() {
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
    call('POST', '/v1/subscriptions', { customerId, name, url: receiver.url + where, eventTypes });
  await endpoint('acme', 'Bookkeeping', '/hooks/payments');
  const flaky = await endpoint('acme', 'Reporting', '/flaky/reports', ['*.*.v1']);
  const down = await endpoint('northwind', 'ERP', '/down/erp');
  await endpoint('northwind', 'Warehouse', '/hooks/refunds', ['refund.created.v1']);
  await endpoint('globex', 'Audit', '/gone', ['payment.confirmed.v1']);
  await endpoint('globex', 'Data lake', '/hooks/lake', ['*.*.v1']);
  return { down, flaky };
}

async function traffic(until) {
  for (let count = 0; Date.now() < until; count++) {
    await call('POST', '/v1/events', {
      type: ['payment.confirmed.v1', 'payment.confirmed.v1', 'payment.refused.v1', 'refund.created.v1'][count % 4],
      customerId: ['acme', 'globex', 'acme', 'northwind', 'globex'][count % 5],
      data: { paymentId: `P-${1000 + count}`, amount: 12.5 + (count % 80), date: new Date().toISOString() },
    });
    await sleep(150 + 500 * Math.abs(Math.sin(Date.now() / 45_000)));
  }
}

async function takePictures({ down, flaky }) {
  const browser = await chromium.launch({
    executablePath: await chromiumBinary.executablePath(),
    args: ['--no-sandbox'],
  });
  const open = async (route, colorScheme = 'light') => {
    const context = await browser.newContext({ baseURL: service.url, viewport: WIDE, colorScheme });
    const page = await context.newPage();
    await page.goto(route);
    return page;
  };
  const take = async (page, name) => {
    await page.mouse.move(0, 0);
    await sleep(2500);
    await page.screenshot({ path: path.join(IMAGES, `${name}.png`) });
    console.log(`docs/images/${name}.png`);
  };
  const page = await open('/sign-in');
  await page.getByLabel('API key').fill(ADMIN_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await take(page, 'overview');
  await page.goto(`/endpoints/${flaky.id}`);
  await take(page, 'endpoint');
  const { items } = await call('GET', `/v1/notifications?subscriptionId=${down.id}&limit=1`);
  await page.goto(`/logs?open=${items[0].id}`);
  await take(page, 'notification');
  const { url } = await call('POST', '/v1/portal-sessions', { customerId: 'acme' });
  const portal = await open(new URL(url).pathname + new URL(url).hash, 'dark');
  await portal.getByText('· webhooks').first().waitFor();
  await take(portal, 'portal');
  await browser.close();
}
