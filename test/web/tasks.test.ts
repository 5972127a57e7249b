import type { Locator, Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { until } from '../support/until';

/**
 * The everyday tasks of operators by mouse, each with its number of clicks. The table in
 * docs/contributing/tests.md has the same numbers.
 */
const ui = useUi();
const TYPE = 'order.created.v1';
/** The sweep reads attempts once they are 10 s old, every 22 to 38 s. */
const SUMMARISED_MS = 90_000;

beforeAll(async () => {
  await ui.service.must('POST', '/v1/products', { id: 'shop', name: 'Shop', enabled: true });
  for (const type of [TYPE, 'order.lost.v1'])
    await ui.service.must('PUT', `/v1/event-types/${type}`, { productId: 'shop', searchKeys: ['$.order'] });
  ui.receiver.answerWith(({ path }) => ({ status: path.includes('down') ? 503 : 200 }));
  await createCustomer('first');
  await createEndpoint('first', 'down', { retrySchedule: [1] });
  await createEndpoint('first', 'losses', { eventTypes: ['order.lost.v1'] });
  await ui.service.reaches((await post('first', { order: 'A-1' })).notifications[0]!.id, 'failed');
});

async function createCustomer(id: string): Promise<void> {
  await ui.service.must('POST', '/v1/customers', { id, name: `${id} Ltd`, productId: 'shop' });
}

async function createEndpoint(customerId: string, name: string, settings: object = {}): Promise<string> {
  const url = ui.receiver.url(`/${customerId}-${name}`);
  const body = { customerId, name, url, eventTypes: [TYPE], retrySchedule: [], ...settings };
  return (await ui.service.must('POST', '/v1/subscriptions', body)).id;
}

async function post(customerId: string, data: object): Promise<{ id: string; notifications: { id: string }[] }> {
  return ui.service.must('POST', '/v1/events', { type: TYPE, customerId, data });
}

/** Counts what a hand does. A text field costs a click before it is typed into, a select two. */
async function startAt(route: string) {
  const page = await ui.signedIn(route);
  const count = { clicks: 0, keys: 0 };
  const click = async (target: Locator) => {
    await target.click();
    count.clicks += 1;
  };
  return {
    page,
    count,
    click,
    link: (name: string | RegExp, within: Page | Locator = page) =>
      click(within.getByRole('link', { name, exact: true }).first()),
    button: (name: string | RegExp, within: Page | Locator = page) =>
      click(within.getByRole('button', { name, exact: true }).first()),
    async type(field: Locator, text: string) {
      await click(field);
      await page.keyboard.type(text);
      count.keys += text.length;
    },
    async select(field: Locator, option: string) {
      await field.selectOption(option);
      count.clicks += 2;
    },
    /** A paste into the field with the focus is one key. */
    async paste(text: string) {
      await page.keyboard.insertText(text);
      count.keys += 1;
    },
    async press(key: string) {
      await page.keyboard.press(key);
      count.keys += 1;
    },
  };
}

test('onboards a customer with 3 endpoints and links to their secrets in 19 clicks', async () => {
  const { page, count, click, link, button, type, select } = await startAt('/');
  await link('Onboarding');
  await select(page.getByLabel('Product', { exact: true }), 'shop');
  await button('New customer');
  await type(page.getByRole('dialog').getByLabel('Name'), 'Acme');
  await button('Create');
  const form = page.getByRole('form', { name: 'New endpoint' });
  for (const name of ['main', 'finance', 'archive']) {
    if (name !== 'main') {
      await select(page.getByLabel('Endpoint', { exact: true }), 'New endpoint…');
      await form.getByLabel('Name').fill('');
      await type(form.getByLabel('Name'), name);
    }
    await type(form.getByLabel('URL'), ui.receiver.url(`/acme-${name}`));
    await button('Create endpoint');
    await form.waitFor({ state: 'detached' });
  }
  const sheet = page.getByRole('article', { name: 'Hand-over sheet' });
  await sheet.getByRole('region', { name: 'archive' }).waitFor();
  await click(page.getByRole('button', { name: 'Create all secret links' }));
  await sheet
    .getByText(/\/secret#/)
    .nth(2)
    .waitFor();
  expect(count.clicks).toBe(19);
});

test('shows why an endpoint did not get an event in 3 clicks', async () => {
  const { page, count, link, button } = await startAt('/');
  await link('Customers');
  await link('first Ltd');
  await button(TYPE, page.getByRole('region', { name: 'Recent events' }));
  await page.getByText('Not subscribed to this type. Listens to order.lost.v1.').waitFor();
  expect(count).toEqual({ clicks: 3, keys: 0 });
});

test('redelivers all that failed since yesterday in 3 clicks', async () => {
  const down = await createEndpoint('first', 'down-once');
  for (const order of ['B-1', 'B-2']) await post('first', { order });
  await until(
    async () => (await ui.service.must('GET', `/v1/subscriptions/${down}/notifications?status=failed`)).items.length,
    (failed) => failed === 2,
  );
  const { page, count, link, button } = await startAt('/');
  ui.receiver.answerWith(({ path }) => ({ status: path.endsWith('-down') ? 503 : 200 }));
  await link('down-once', page.getByRole('region', { name: 'Most failing endpoints' }));
  await button('Recover…');
  await page
    .getByRole('dialog')
    .getByText(/^2 failed\./)
    .waitFor();
  await button('Recover', page.getByRole('dialog'));
  await page.getByRole('dialog').getByText('2 delivered').waitFor();
  expect(count).toEqual({ clicks: 3, keys: 0 });
});

test('rotates a secret and hands a link to it over in 4 clicks', async () => {
  const { page, count, click, button } = await startAt(`/endpoints/${await createEndpoint('first', 'rotated')}`);
  await click(page.getByRole('tab', { name: 'Secret' }));
  await button('Rotate…');
  await button('Rotate and create link');
  await page.getByText(/\/secret#/).waitFor();
  await page.getByText(/^Can be opened once, until .+\. The previous secret also signs until /).waitFor();
  expect(await page.getByText(/^whsec_/).count()).toBe(0);
  await ui.look(page, 'secret-rotated');
  await page.context().grantPermissions(['clipboard-write']);
  await click(page.getByRole('region', { name: 'Share the secret' }).getByRole('button', { name: /^Copy/ }));
  expect(count).toEqual({ clicks: 4, keys: 0 });
});

test('opens the portal of a customer in 5 clicks', async () => {
  const { page, count, link, button } = await startAt('/');
  await link('Customers');
  await link('first Ltd');
  await button('Create portal link…');
  await button('Create link');
  const portal = page.waitForEvent('popup');
  await link('Open the portal');
  await (await portal).locator('#sidebar').getByText('first Ltd · webhooks').waitFor();
  expect(count).toEqual({ clicks: 5, keys: 0 });
});

test('approves the URL of an endpoint in 2 clicks', async () => {
  const id = await createEndpoint('first', 'outside', { url: 'https://hooks.first.example/in' });
  const { page, count, link, button } = await startAt('/');
  await link(/1 URL to review/);
  await button('Approve');
  await page.getByText('Requests to review').waitFor({ state: 'detached' });
  expect((await ui.service.must('GET', `/v1/subscriptions/${id}`)).status).toBe('enabled');
  expect(count).toEqual({ clicks: 2, keys: 0 });
});

test('adds an event type with a schema in 6 clicks', async () => {
  const { page, count, link, button, type } = await startAt('/');
  await link('Event catalog');
  await button('New event type');
  await type(page.getByLabel('Name'), 'order.paid.v1');
  await type(page.getByLabel('Description'), 'An order was paid.');
  await page.getByLabel('JSON Schema').fill('');
  await type(page.getByLabel('JSON Schema'), '{"type":"object","required":["order"]}');
  await button('Create');
  await page.getByRole('heading', { name: 'order.paid.v1' }).waitFor();
  expect(count.clicks).toBe(6);
});

test('shows a payload and copies its request as curl in 2 clicks from the logs', async () => {
  await createCustomer('copied');
  await createEndpoint('copied', 'main');
  const { notifications } = await post('copied', { order: 'C-1' });
  await ui.service.reaches(notifications[0]!.id, 'delivered');
  const { page, count, button } = await startAt('/logs?customerId=copied');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await button(TYPE, page.getByRole('table'));
  await page.getByRole('dialog').getByText('"C-1"').waitFor();
  await button('Copy as curl');
  await page.getByText(/^curl command copied/).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toContain('C-1');
  expect(count).toEqual({ clicks: 2, keys: 0 });
});

test('compares two attempts in 2 clicks from the logs', async () => {
  const { page, count, button } = await startAt('/logs?customerId=first&status=failed');
  await button(TYPE, page.getByRole('row').filter({ hasText: '2 attempts' }));
  await button('Compare');
  await page.getByRole('dialog', { name: 'Compare attempts' }).getByLabel('Right', { exact: true }).waitFor();
  expect(count).toEqual({ clicks: 2, keys: 0 });
});

test('lists what failed of an event type in the last week in 3 clicks', async () => {
  const { page, count, link } = await startAt('/');
  await link('Event catalog');
  await link(TYPE);
  await link('Failed in 7 days');
  await page.getByText(/^\d+ total$/).waitFor();
  expect(new URL(page.url()).search).toBe(`?type=${TYPE}&status=failed&period=week`);
  expect(count).toEqual({ clicks: 3, keys: 0 });
});

test('finds an event by its id in 1 click, and by a value of its payload in 2', async () => {
  await createCustomer('sought');
  const event = await post('sought', { order: 'Order-4711' });
  const byId = await startAt('/');
  await byId.button(/^Search/);
  await byId.page.getByRole('combobox', { name: 'Command palette' }).waitFor();
  await byId.paste(event.id);
  await byId.page.getByRole('option', { name: `Open ${event.id}` }).waitFor();
  await byId.press('Enter');
  await byId.page
    .getByRole('dialog', { name: /^Event/ })
    .getByText('Order-4711')
    .waitFor();
  expect(byId.count).toEqual({ clicks: 1, keys: 2 });

  const byValue = await startAt('/');
  await byValue.type(byValue.page.getByRole('button', { name: /^Search/ }), 'Order-4711');
  await byValue.click(byValue.page.getByRole('option', { name: 'Search events for “Order-4711”' }));
  await byValue.page.getByRole('table').getByText(event.id).waitFor();
  expect(byValue.count).toEqual({ clicks: 2, keys: 10 });
});

test('shows the slowest endpoints without a click, and ranks all of them in 1', async () => {
  await until(
    async () => (await ui.service.must('GET', '/v1/overview')).slowest.length as number,
    (ranked) => ranked > 1,
    SUMMARISED_MS,
  );
  const { page, count, link } = await startAt('/');
  await page.getByRole('region', { name: 'Slowest endpoints, last 24 hours' }).getByRole('row').nth(2).waitFor();
  await link('All endpoints by p95');
  await page.waitForURL(/sort=-p95/);
  expect(count).toEqual({ clicks: 1, keys: 0 });
});
