import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { ADMIN_KEY } from '../support/service';

/** The story of an outage: what failed is understood, sent again one by one, many at once or all of it, and seen to arrive. */
const ui = useUi();
const TYPE = 'order.shipped.v1';

beforeAll(async () => {
  await ui.service.call('POST', '/v1/products', { id: 'shop', name: 'Shop', enabled: true });
  await ui.service.call('PUT', `/v1/event-types/${TYPE}`, { productId: 'shop' });
  await ui.service.call('POST', '/v1/customers', { id: 'buyer', name: 'A buyer', productId: 'shop' });
});

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

/** An endpoint of its own for a test, at a path of the receiver that answers with a given status. */
async function endpoint(name: string, settings: Record<string, unknown> = {}): Promise<string> {
  const { body } = await ui.service.call('POST', '/v1/subscriptions', {
    customerId: 'buyer',
    name,
    url: ui.receiver.url(`/${name}`),
    eventTypes: [TYPE],
    channels: [name],
    retrySchedule: [],
    ...settings,
  });
  return body.id;
}

async function post(channel: string, data: Record<string, unknown> = {}): Promise<string> {
  const { body } = await ui.service.call('POST', '/v1/events', {
    type: TYPE,
    customerId: 'buyer',
    channels: [channel],
    data,
  });
  return body.notifications[0].id;
}

const answer = (path: string, status: number, body?: string) =>
  ui.receiver.answerWith((request) => (request.path === path ? { status, body } : { status: 200 }));

test('what failed is understood and retried from its drawer', async () => {
  const id = await endpoint('Broken', { retrySchedule: [1] });
  answer('/Broken', 503, '{"reason":"maintenance"}');
  const notification = await post('Broken', { order: 'it\'s "7"' });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await press(page, TYPE);
  const drawer = page.getByRole('dialog', { name: 'Notification' });
  await drawer.getByText(/^Failed after 2 attempts: .*No more retries are scheduled\.$/).waitFor();
  await drawer.getByText('The receiver did not respond with a 2xx status.').waitFor();
  await drawer.getByLabel('Response body', { exact: true }).getByText('"reason": "maintenance"').waitFor();
  await drawer
    .getByLabel('Request', { exact: true })
    .getByText(`POST ${ui.receiver.url('/Broken')}`)
    .waitFor();
  await ui.look(page, 'notification-failed');

  answer('/Broken', 200);
  await drawer.getByRole('button', { name: 'Retry now' }).click();
  await drawer.getByText('Delivered after 3 attempts.').waitFor();
  await drawer.getByText('manual', { exact: true }).waitFor();
  await ui.look(page, 'notification-delivered');
  expect((await ui.service.call('GET', `/v1/notifications/${notification}`)).body.status).toBe('delivered');
  await press(page, 'Close');
  await page.getByText('No notifications match these filters').waitFor();
});

test('what waits for its next attempt says when, can be cancelled, and leads to its event', async () => {
  await endpoint('Waiting', { retrySchedule: [600, 7200] });
  answer('/Waiting', 500);
  const id = await post('Waiting', { order: 8 });
  const page = await ui.signedIn();
  await page.goto(`/logs?open=${id}`);
  const drawer = page.getByRole('dialog', { name: 'Notification' });
  const steps = drawer.getByRole('list', { name: 'Attempts' }).getByRole('listitem');
  await steps
    .nth(1)
    .getByText(/^in (10|9) min/)
    .waitFor();
  await steps.nth(2).getByText('2 h later, if that fails').waitFor();
  await ui.look(page, 'notification-retrying');
  const [temporal] = await Promise.all([
    page.waitForEvent('popup'),
    drawer.getByRole('link', { name: 'Workflow' }).click(),
  ]);
  await temporal.getByText('deliverNotification').first().waitFor();
  expect(temporal.url()).toContain(encodeURIComponent(`notification/${id}`));
  await temporal.close();
  await drawer.getByRole('button', { name: 'Cancel' }).click();
  await press(page, 'Cancel notification');
  await drawer.getByText('Cancelled after 1 attempt.').waitFor();
  await drawer.getByRole('link', { name: /^evt_/ }).click();
  const event = page.getByRole('dialog', { name: 'Event' });
  await event.getByLabel('Data', { exact: true }).getByText('"order": 8').waitFor();
  await event.getByText('cancelled').waitFor();
  await ui.look(page, 'event');
  await press(page, 'Close');
  await page.getByRole('table').getByText(TYPE).first().waitFor();
  await ui.look(page, 'events');
});

test('many are retried at once, with what came of them', async () => {
  const id = await endpoint('Down');
  answer('/Down', 500);
  for (let index = 0; index < 60; index++) await post('Down', { index });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await page.getByText('50 loaded, scroll for more').or(page.getByText('60 total')).waitFor();
  await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  await page.getByText('60 total').waitFor();
  await page.evaluate('window.scrollTo(0, 0)');
  await page.getByLabel('Select all loaded notifications').check();
  await page.getByText('60 selected').waitFor();
  await ui.look(page, 'logs-selected');

  answer('/Down', 200);
  await press(page, 'Retry 60');
  const dialog = page.getByRole('dialog', { name: 'Retry 60 notifications?' });
  await dialog.getByRole('button', { name: 'Retry' }).click();
  await dialog.getByText('60 of 60 retried.').waitFor();
  await ui.look(page, 'logs-retried');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByText('No notifications match these filters').waitFor();
  await page.getByLabel('failed').uncheck();
  await page.getByLabel('delivered').check();
  await page.getByText('50 loaded, scroll for more').or(page.getByText('60 total')).waitFor();
});

test('thousands are scrolled through, of which few are drawn, and cancelled together', async () => {
  const id = await endpoint('Many', { enabled: false });
  const events = Array.from({ length: 1000 }, (_, index) => ({
    type: TYPE,
    customerId: 'buyer',
    channels: ['Many'],
    data: { index },
  }));
  for (let batch = 0; batch < 2; batch++) await ui.service.call('POST', '/v1/events/batch', { events });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  const rows = page.getByRole('table').getByRole('row');
  for (let loaded = 50; loaded < 2000; loaded += 50) {
    await page.getByText(`${loaded} loaded, scroll for more`).waitFor();
    expect(await rows.count()).toBeLessThan(100);
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  }
  await page.getByText('2,000 total').or(page.getByText('2000 total')).waitFor();
  expect(await rows.count()).toBeLessThan(100);

  await page.goto(`/logs?subscriptionId=${id}`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  await page.getByLabel('Select all loaded notifications').check();
  await press(page, 'Cancel 50');
  const dialog = page.getByRole('dialog', { name: 'Cancel 50 notifications?' });
  await press(page, 'Cancel notifications');
  await dialog.getByText('50 of 50 cancelled.').waitFor();
  await ui.look(page, 'logs-cancelled');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  expect(
    (await ui.service.call('GET', `/v1/notifications?subscriptionId=${id}&status=cancelled&limit=200`)).body.items,
  ).toHaveLength(50);
});

test('filters survive a reload', async () => {
  const id = await endpoint('Filtered');
  const wanted = await post('Filtered');
  const page = await ui.signedIn('/logs');
  await page.getByRole('combobox', { name: 'Endpoint' }).fill('Filt');
  await page.getByRole('option', { name: /Filtered/ }).click();
  await page.getByLabel('delivered').check();
  await page.getByLabel('held').check();
  await page.getByLabel('Accepted').selectOption('Last hour');
  await page.getByText('1 total').waitFor();
  await ui.look(page, 'logs');
  const before = page.url();
  for (const part of [`subscriptionId=${id}`, 'status=delivered%2Cheld', 'period=hour']) expect(before).toContain(part);
  await page.reload();
  await page.getByText('1 total').waitFor();
  expect(page.url()).toBe(before);
  expect(await page.getByRole('combobox', { name: 'Endpoint' }).inputValue()).toBe('Filtered');
  await page.getByRole('searchbox', { name: 'Search notifications' }).fill(wanted);
  await page.getByText('1 total').waitFor();
  await page.getByRole('searchbox', { name: 'Search notifications' }).fill('ntf_00000000000000000000000000');
  await page.getByText('No notifications match these filters').waitFor();
});

test('what is new waits while rows are selected', async () => {
  const id = await endpoint('Steady');
  await post('Steady');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.getByRole('table').getByText('delivered').waitFor();
  await page.getByLabel(/^Select ntf_/).check();
  await post('Steady');
  await page.getByRole('button', { name: 'Show 1 new' }).waitFor();
  await page.getByText('1 total').waitFor();
  await press(page, 'Show 1 new');
  await page.getByText('2 total').waitFor();
});

test('activity is seen as it happens, and nothing of it is lost while it is paused', async () => {
  await endpoint('Watched');
  const page = await ui.signedIn('/activity');
  await page.getByText('Live', { exact: true }).waitFor();
  await ui.look(page, 'activity-empty');
  await post('Watched');
  const rows = page.getByRole('table').getByRole('row');
  await rows.nth(1).getByText('Attempt 1').waitFor();
  await rows.nth(2).getByText('Event accepted').waitFor();
  await page.getByText('1 event in the last minute').waitFor();

  await press(page, 'Pause');
  for (let index = 0; index < 5; index++) await post('Watched', { index });
  await page.getByText('Paused, 10 waiting').waitFor();
  expect(await rows.count()).toBe(3);
  await press(page, 'Resume');
  await page.getByText('12 total').waitFor();
  await ui.look(page, 'activity');

  await page.getByLabel('Activity type', { exact: true }).selectOption('Attempt finished');
  await page.getByText('6 total').waitFor();
  await page.getByRole('button', { name: 'Attempt 1' }).first().click();
  await page.getByRole('dialog', { name: 'Notification' }).getByText('Delivered after 1 attempt.').waitFor();
});

/** What the stream tells from now on, as text, until it has told of so many things. */
async function overheard(count: number, cause: () => Promise<unknown>): Promise<string> {
  const response = await fetch(`${ui.service.url}/v1/activity`, { headers: { 'x-api-key': ADMIN_KEY } });
  await cause();
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.endsWith('\n\n') && text.split('\ndata: ').length > count) break;
  }
  return text;
}

test('a stream that was cut off, and refused then, is taken up where it was', async () => {
  await endpoint('Cut');
  const told = await overheard(2, () => post('Cut'));
  const page = await ui.signedIn();
  const asked: string[] = [];
  // A stream that ends; then something in between that answers instead of the service, upon which a browser gives up.
  await page.route('**/v1/activity*', (route) => {
    asked.push(route.request().url());
    if (asked.length === 1) return route.fulfill({ contentType: 'text/event-stream', body: told });
    return asked.length === 2 ? route.fulfill({ status: 503 }) : route.continue();
  });
  await page.goto('/activity');
  await page.getByText('2 total').waitFor();
  await post('Cut');
  await page.getByText('Disconnected. Reconnecting…').waitFor();
  await page.getByText('4 total').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(asked[2]).toContain('lastEventId=');
});

test('a recovery is started, and seen to the end', async () => {
  await endpoint('Recovering');
  answer('/Recovering', 500);
  for (let index = 0; index < 3; index++) await post('Recovering', { index });
  const page = await ui.signedIn('/recoveries');
  await page.getByText('No recoveries yet').waitFor();
  await ui.look(page, 'recoveries-empty');
  await press(page, 'Start recovery');
  const dialog = page.getByRole('dialog', { name: 'Start recovery' });
  await dialog.getByRole('combobox', { name: 'Endpoint' }).fill('Recov');
  await page.getByRole('option', { name: /Recovering/ }).click();
  await dialog.getByText('3 failed. Retrying them takes').waitFor();
  await ui.look(page, 'recovery-start');
  answer('/Recovering', 200);
  await dialog.getByRole('button', { name: 'Recover', exact: true }).click();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const row = page.getByRole('table').getByRole('row').nth(1);
  await row.getByText('completed').waitFor();
  await row.getByRole('progressbar', { name: '3 of 3 retried' }).waitFor();
  await ui.look(page, 'recoveries');
});
