import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { until } from '../support/until';

/** Response times in lists, and the fields that group products and narrow who gets what. */
const ui = useUi();
const TYPE = 'ranked.done.v1';
const SLOW_MS = 700;
/** The sweep reads attempts once they are 10 s old, every 22 to 38 s. */
const SUMMARISED_MS = 90_000;
const TEST_TIMEOUT_MS = 180_000;

const call = (method: string, path: string, body?: unknown) => ui.service.call(method, path, body);
const clickButton = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const fact = (page: Page, name: string) => page.getByText(name, { exact: true }).locator('xpath=..');

beforeAll(async () => {
  await call('POST', '/v1/products', { id: 'ranked', name: 'Ranked', enabled: true, segment: 'Lending' });
  await call('POST', '/v1/products', { id: 'other', name: 'Other', enabled: true });
  await call('PUT', `/v1/event-types/${TYPE}`, { productId: 'ranked' });
  await call('POST', '/v1/customers', { id: 'ranked-customer', name: 'Ranked customer', productId: 'ranked' });
});

test(
  'the slowest endpoint is one click away, and lists are sorted by their headers',
  async () => {
    ui.receiver.answerWith(async ({ path }) => {
      if (path === '/slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
      return { status: path === '/failing' ? 500 : 200 };
    });
    const ids: Record<string, string> = {};
    for (const name of ['quick', 'slow', 'failing']) {
      const endpoint = { customerId: 'ranked-customer', name, url: ui.receiver.url(`/${name}`), eventTypes: [TYPE] };
      ids[name] = (await call('POST', '/v1/subscriptions', { ...endpoint, retrySchedule: [] })).body.id;
    }
    await call('POST', '/v1/events', { type: TYPE, customerId: 'ranked-customer', data: {} });
    await until(
      async () => (await call('GET', '/v1/overview')).body.slowest as { name: string }[],
      (slowest) => slowest.length === 3,
      SUMMARISED_MS,
    );

    const page = await ui.signedIn('/');
    const slowest = page.getByRole('region', { name: 'Slowest endpoints, last 24 hours' });
    await slowest.getByRole('row').nth(1).getByText('slow', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Most failing endpoints' }).getByText('failing', { exact: true }).waitFor();
    await ui.look(page, 'overview-rankings');

    await page.getByRole('link', { name: 'All endpoints by p95' }).click();
    const header = (name: string) => page.getByRole('columnheader', { name });
    const rows = page.getByRole('group', { name: 'Endpoints' }).getByRole('row');
    const first = (name: string) => rows.nth(1).getByRole('link', { name, exact: true }).waitFor();
    await first('slow');
    expect(await header('p95 24 h').getAttribute('aria-sort')).toBe('descending');
    await clickButton(page, 'p95 24 h');
    await page.waitForURL(/sort=p95/);
    expect(await header('p95 24 h').getAttribute('aria-sort')).toBe('ascending');
    await clickButton(page, 'Success 24 h');
    await first('failing');
    expect(await header('Success 24 h').getAttribute('aria-sort')).toBe('ascending');
    expect(await header('p95 24 h').getAttribute('aria-sort')).toBe('none');
    await rows.nth(1).getByText('0.0 %').waitFor();
    await ui.look(page, 'endpoints-sorted');

    await page.goto(`/endpoints/${ids.slow}?tab=statistics`);
    const times = page.getByRole('region', { name: 'Response times' });
    await times.getByRole('row', { name: /^2xx 1 / }).waitFor();
    await ui.look(page, 'endpoint-response-times');
  },
  TEST_TIMEOUT_MS,
);

test('a product gets a segment, which lists are filtered by and a key is granted', async () => {
  const page = await ui.signedIn('/products');
  await clickButton(page, 'Actions for Other');
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await page.getByRole('dialog').getByLabel('Segment').fill('Savings');
  await clickButton(page, 'Save');
  await page.getByRole('cell', { name: 'Savings' }).waitFor();
  await page.getByRole('search').getByLabel('Segment').selectOption('Lending');
  await page.getByRole('cell', { name: 'Savings' }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Ranked' }).waitFor();
  await ui.look(page, 'products-of-segment');

  await page.goto('/credentials');
  await clickButton(page, 'New API key');
  await page.getByLabel('Name').fill('Lending backend');
  await page.getByLabel('Segment').selectOption('Lending');
  await ui.look(page, 'credential-of-segment');
  await clickButton(page, 'Create');
  const key = await page.getByLabel('API key', { exact: true }).innerText();
  await clickButton(page, 'Done');
  await page.getByRole('cell', { name: 'product Lending' }).waitFor();

  const granted = await ui.signedIn('/customers', key.trim());
  await granted.getByRole('link', { name: 'Ranked customer' }).waitFor();
  await clickButton(granted, 'New customer');
  await granted.getByLabel('Name').fill('Granted');
  await clickButton(granted, 'Create');
  await granted.getByRole('heading', { name: 'Granted' }).waitFor();
  await fact(granted, 'Product').getByText('ranked').waitFor();
});

test('a customer gets an audience and capabilities, and an event type requires one', async () => {
  const page = await ui.signedIn('/customers');
  await clickButton(page, 'New customer');
  await page.getByLabel('Name').fill('White label');
  await page.getByLabel('Product', { exact: true }).selectOption('ranked');
  await page.getByLabel('Audience').selectOption('product');
  await page.getByLabel('Capabilities').fill('vendor, refunds');
  await ui.look(page, 'customer-audience');
  await clickButton(page, 'Create');
  await page.getByRole('heading', { name: 'White label' }).waitFor();
  await fact(page, 'Audience').getByText('the product’s events for every customer').waitFor();
  await fact(page, 'Capabilities').getByText('refunds, vendor').waitFor();
  await clickButton(page, 'Edit');
  await page.getByLabel('Capabilities').fill('');
  await page.getByLabel('Audience').selectOption('self');
  await clickButton(page, 'Save');
  await fact(page, 'Audience').getByText('its own events').waitFor();
  await fact(page, 'Capabilities').getByText('none').waitFor();

  await page.goto(`/catalog/${TYPE}`);
  await clickButton(page, 'Edit');
  await page.getByLabel('Required capabilities').fill('vendor');
  await clickButton(page, 'Save');
  await fact(page, 'Required capabilities').getByText('vendor').waitFor();
  expect((await call('GET', `/v1/event-types/${TYPE}`)).body.requires).toEqual(['vendor']);
});

test('the activity feed shows payloads on demand', async () => {
  await call('PUT', '/v1/event-types/ranked.seen.v1', { productId: 'ranked' });
  const event = { type: 'ranked.seen.v1', customerId: 'ranked-customer' };
  const page = await ui.signedIn('/activity');
  await page.getByText('Live', { exact: true }).waitFor();
  await call('POST', '/v1/events', { ...event, data: { reference: 'R-1' } });
  await page.getByRole('cell', { name: 'ranked.seen.v1' }).first().waitFor();
  expect(await page.getByText('R-1').count()).toBe(0);
  await clickButton(page, 'Payloads');
  await page.getByRole('button', { name: 'Payloads', pressed: true }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await call('POST', '/v1/events', { ...event, data: { reference: 'R-2' } });
  await page.getByText('"R-2"').waitFor();
  await ui.look(page, 'activity-payloads');
});
