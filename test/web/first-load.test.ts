import type { Page, Response } from 'playwright-core';
import { useUi } from '../support/browser';
import { useParcels } from '../support/parcels';
import { ADMIN_KEY } from '../support/service';

/** What a browser loads for a screen with an empty cache. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);

interface Load {
  bytes: number;
  api: Response[];
}

/** Opens a screen and returns what was transferred for it, compressed. */
async function load(page: Page, route: string, until: () => Promise<unknown>): Promise<Load> {
  const responses: Response[] = [];
  page.on('response', (response) => responses.push(response));
  await page.goto(route);
  await until();
  await page.waitForLoadState('networkidle');
  const sizes = await Promise.all(responses.map((response) => response.request().sizes()));
  return {
    bytes: sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0),
    api: responses.filter((response) => new URL(response.url()).pathname.startsWith('/v1/')),
  };
}

/** A new window, with an empty cache, of somebody who is signed in. */
async function freshWindow(): Promise<Page> {
  const signedIn = await ui.signedIn('/', ADMIN_KEY);
  const storageState = await signedIn.context().storageState();
  await signedIn.close();
  const page = await ui.open('/docs/problems', { storageState });
  return page;
}

test('the first load of the sign-in page transfers less than 80 kB', async () => {
  const page = await ui.open('/favicon.svg');
  const { bytes } = await load(page, '/sign-in', () => page.getByRole('button', { name: 'Sign in' }).waitFor());
  expect(bytes).toBeLessThan(80_000);
});

test('the first load of the overview transfers less than 160 kB, with its chart and compressed JSON', async () => {
  const id = await createEndpoint('First load');
  const { notification } = await post('First load');
  await ui.service.reaches(notification, 'delivered');
  const page = await freshWindow();
  const { bytes, api } = await load(page, '/', () => page.locator('[data-chart] path').first().waitFor());
  expect(bytes).toBeLessThan(160_000);
  const overview = api.find((response) => response.url().includes('/v1/overview'))!;
  expect(await overview.headerValue('content-encoding')).toMatch(/^(br|gzip)$/);
  expect(id).toBeTruthy();
});

test('no screen with names of endpoints reads a list for them', async () => {
  await createEndpoint('Named');
  const { notification } = await post('Named');
  await ui.service.reaches(notification, 'delivered');
  const page = await freshWindow();
  const lists: string[] = [];
  for (const route of ['/', '/logs', '/logs?tab=events', '/recoveries', '/audit', '/activity']) {
    const { api } = await load(page, route, () => page.getByRole('heading', { level: 1 }).waitFor());
    page.removeAllListeners('response');
    lists.push(...api.map((response) => `${route}: ${new URL(response.url()).pathname}`));
  }
  expect(lists.filter((request) => /\/v1\/(subscriptions|customers)$/.test(request))).toEqual([]);
});
