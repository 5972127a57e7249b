/**
 * `npm run docs:screens`: takes the screenshots in docs/images again, after some minutes of traffic
 * to a service of its own.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import chromiumBinary from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import { ADMIN_KEY, startShowcase } from './showcase.mjs';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const MINUTES = Number(process.argv[2] ?? 5);
const IMAGES = path.join(ROOT, 'docs', 'images');
const WIDE = { width: 1280, height: 900 };

checkNode();
ensureInstalled();
ensureBuilt();
mkdirSync(IMAGES, { recursive: true });
const showcase = await startShowcase();
try {
  console.log(`${MINUTES} minutes of traffic …`);
  await showcase.traffic(Date.now() + MINUTES * 60_000);
  await takePictures(showcase);
} finally {
  await showcase.stop();
}

async function takePictures({ url: baseURL, call, endpoints: { down, flaky } }) {
  const browser = await chromium.launch({
    executablePath: await chromiumBinary.executablePath(),
    args: ['--no-sandbox'],
  });
  const open = async (route, colorScheme = 'light') => {
    const context = await browser.newContext({ baseURL, viewport: WIDE, colorScheme });
    const page = await context.newPage();
    await page.goto(route);
    return page;
  };
  const take = async (page, name) => {
    await page.mouse.move(0, 0);
    await sleep(2500);
    // A busy machine may still load.
    await page.waitForFunction("document.querySelector('.skeleton') === null");
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
  await portal.locator('#sidebar').getByText('· webhooks').waitFor();
  await take(portal, 'portal');
  await browser.close();
}
