import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { until } from '../support/until';

/** Deploys in the charts, in the history of an endpoint, and in a portal, in a real browser. */
const ui = useUi();

const mark = (body: object, key?: string) => ui.service.must('POST', '/v1/deploys', body, key);
const marked = async () => (await ui.service.must('GET', '/v1/deploys')).items;
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
/** The labels beside the lines of the charts on the screen. */
const labels = (page: Page) => page.locator('[data-chart] svg g:has(> title) > text').allTextContents();
const listed = (page: Page) => page.getByRole('list', { name: 'Deploys' }).getByRole('listitem');

let subscriptionId: string;

beforeAll(async () => {
  const { service, receiver } = ui;
  await service.must('POST', '/v1/products', { id: 'shop', name: 'Shop', enabled: true });
  await service.must('PUT', '/v1/event-types/order.created.v1', { productId: 'shop' });
  await service.must('POST', '/v1/customers', { id: 'acme', name: 'Acme', productId: 'shop' });
  const endpoint = { customerId: 'acme', name: 'Orders', url: receiver.url(), eventTypes: ['*'] };
  subscriptionId = (await service.must('POST', '/v1/subscriptions', endpoint)).id;
  const event = { type: 'order.created.v1', customerId: 'acme', data: {} };
  const { notifications } = await service.must('POST', '/v1/events', event);
  await service.reaches(notifications[0].id, 'delivered');
});

it('the charts of an endpoint show deploys as lines with versions, and the list below has their links', async () => {
  await mark({ productId: 'shop', version: 'shop 7', at: minutesAgo(700) });
  await mark({ customerId: 'acme', version: 'orders 2.4.0', at: minutesAgo(300), url: 'https://ci.example/811' });
  await mark({ subscriptionId, version: 'gateway 9', description: 'New parser' });
  const page = await ui.signedIn(`/endpoints/${subscriptionId}?tab=statistics`);
  await until(
    () => labels(page),
    (texts) => texts.length === 3,
  );
  expect((await labels(page)).sort()).toEqual(['gateway 9', 'orders 2.4.0', 'shop 7']);
  // Lines in both charts, at the right place: the later, the further right.
  const lines = page.locator('[data-chart] svg g:has(> title) > line');
  const places = (await lines.evaluateAll((found) => found.map((line) => Number(line.getAttribute('x1'))))).slice(0, 3);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(await lines.count()).toBe(6);
  expect(await listed(page).allTextContents()).toEqual([
    expect.stringMatching(/^gateway 9.*this endpoint.*New parser/),
    expect.stringMatching(/^orders 2.4.0.*acme.*Details/),
    expect.stringMatching(/^shop 7.*product shop/),
  ]);
  expect(await page.getByRole('link', { name: 'Details' }).getAttribute('href')).toBe('https://ci.example/811');
  await ui.look(page, 'deploys-statistics');
  // A shorter period leaves out the older ones.
  await page.getByLabel('Period').selectOption('Last hour');
  await until(
    () => labels(page),
    (texts) => texts.join() === 'gateway 9',
  );
});

it('the history of an endpoint has its deploys among its changes, and marks another one', async () => {
  const page = await ui.signedIn(`/endpoints/${subscriptionId}?tab=history`);
  const entries = page.getByRole('list', { name: 'History' }).getByRole('listitem');
  await entries.filter({ hasText: 'Deployed gateway 9' }).waitFor();
  await entries.filter({ hasText: /Created/ }).waitFor();
  await page.getByRole('button', { name: 'Mark a deploy…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mark a deploy' });
  await dialog.getByLabel('Version').fill('gateway 10');
  await dialog.getByLabel('Link').fill('ftp://ci.example/');
  await dialog.getByLabel('Concerns').selectOption('Only Orders');
  await ui.look(page, 'deploys-dialog');
  await dialog.getByRole('button', { name: 'Mark', exact: true }).click();
  await dialog.getByText('expected http or https').first().waitFor();
  await dialog.getByLabel('Link').fill('https://ci.example/10');
  await dialog.getByRole('button', { name: 'Mark', exact: true }).click();
  await entries.first().getByText('Deployed gateway 10').waitFor();
  await entries.first().getByText('This endpoint').waitFor();
  expect((await marked())[0]).toMatchObject({ version: 'gateway 10', subscriptionId, url: 'https://ci.example/10' });
  await ui.look(page, 'deploys-history');
});

it('the overview marks a deploy of a product or customer, and deletes it', async () => {
  const minute = minutesAgo(90).slice(0, 16);
  const page = await ui.signedIn('/?window=day');
  await page.getByRole('button', { name: 'Mark a deploy…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mark a deploy' });
  await dialog.getByLabel('Version').fill('shop 8');
  expect(await dialog.getByRole('button', { name: 'Mark', exact: true }).isDisabled()).toBe(true);
  await dialog.getByLabel('Product').selectOption('Shop');
  await dialog.getByLabel(/^Time/).fill(minute);
  await dialog.getByRole('button', { name: 'Mark', exact: true }).click();
  await listed(page).filter({ hasText: 'shop 8' }).waitFor();
  expect((await marked()).find(({ version }: { version: string }) => version === 'shop 8')).toMatchObject({
    productId: 'shop',
    customerId: null,
    at: `${minute}:00.000Z`,
  });
  await until(
    () => labels(page),
    (texts) => texts.includes('shop 8'),
  );
  await ui.look(page, 'deploys-overview');
  await page.getByRole('button', { name: 'Delete deploy shop 8' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await listed(page).filter({ hasText: 'shop 8' }).waitFor({ state: 'detached' });
});

it('a customer marks a deploy in the portal, and sees none of the product', async () => {
  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId: 'acme' });
  const page = await ui.open(url);
  await page.getByRole('button', { name: 'Mark a deploy…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mark a deploy' });
  await dialog.getByLabel('Version').fill('<script>alert(1)</script>');
  await dialog.getByRole('button', { name: 'Mark', exact: true }).click();
  await listed(page).filter({ hasText: '<script>alert(1)</script>' }).waitFor();
  await page.getByLabel('Period').selectOption('Last 24 hours');
  await listed(page).filter({ hasText: 'orders 2.4.0' }).waitFor();
  expect(await listed(page).filter({ hasText: 'shop' }).count()).toBe(0);
  await ui.look(page, 'deploys-portal');
});

it('a viewer sees deploys and marks none', async () => {
  const { key } = await ui.service.must('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
  const page = await ui.signedIn('/?window=day', key);
  await listed(page).first().waitFor();
  expect(await page.getByRole('button', { name: /deploy/ }).count()).toBe(0);
});
