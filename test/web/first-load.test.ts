import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, Response } from 'playwright-core';
import { useUi } from '../support/browser';
import { useParcels } from '../support/parcels';

/** What a browser loads for a screen with an empty cache. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);

const QUIET_MS = 1000;

interface Load {
  bytes: number;
  api: Response[];
}

/** Opens a screen and returns what was transferred for it, compressed. */
async function load(page: Page, route: string, isShown: () => Promise<unknown>): Promise<Load> {
  const responses: Response[] = [];
  page.on('response', (response) => responses.push(response));
  await page.goto(route);
  await isShown();
  await quiet(responses);
  // The live feed of a screen never ends.
  const ended = responses.filter((response) => !response.headers()['content-type']?.startsWith('text/event-stream'));
  const sizes = await Promise.all(ended.map((response) => response.request().sizes()));
  return {
    bytes: sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0),
    api: responses.filter((response) => new URL(response.url()).pathname.startsWith('/v1/')),
  };
}

/** Waits until nothing has been loaded for a while. */
async function quiet(responses: Response[]): Promise<void> {
  for (let count = -1; count !== responses.length;) {
    count = responses.length;
    await sleep(QUIET_MS);
  }
}

/** A new window, with an empty cache, of somebody who is signed in. */
async function freshWindow(): Promise<Page> {
  const signedIn = await ui.signedIn();
  const storageState = await signedIn.context().storageState();
  await signedIn.close();
  return ui.open('/favicon.svg', { storageState });
}

test('the first load of the sign-in page transfers less than 81 kB', async () => {
  const page = await ui.open('/favicon.svg');
  const { bytes } = await load(page, '/sign-in', () => page.getByRole('button', { name: 'Sign in' }).waitFor());
  expect(bytes).toBeLessThan(81_000);
});

test('the first load of the overview transfers less than 140 kB, with its chart and compressed JSON', async () => {
  await createEndpoint('First load');
  const { notification } = await post('First load');
  await ui.service.reaches(notification, 'delivered');
  const page = await freshWindow();
  const { bytes, api } = await load(page, '/', () => page.locator('[data-chart] path').first().waitFor());
  expect(bytes).toBeLessThan(140_000);
  const overview = api.find((response) => response.url().includes('/v1/overview'))!;
  expect(await overview.headerValue('content-encoding')).toMatch(/^(br|gzip)$/);
});
