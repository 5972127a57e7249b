import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { ADMIN_KEY } from '../support/service';
import { until } from '../support/until';

/**
 * Logs, activity and recoveries during an outage: find out why deliveries failed and resend them
 * one by one, in bulk, or all.
 */
const ui = useUi();
const TYPE = 'order.shipped.v1';

beforeAll(async () => {
  await ui.service.call('POST', '/v1/products', { id: 'shop', name: 'Shop', enabled: true });
  await ui.service.call('PUT', `/v1/event-types/${TYPE}`, { productId: 'shop' });
  await ui.service.call('POST', '/v1/customers', { id: 'buyer', name: 'A buyer', productId: 'shop' });
});

const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

/**
 * Creates an endpoint at its own path of the receiver, with its own channel so that tests do not
 * share events.
 */
async function createEndpoint(name: string, settings: Record<string, unknown> = {}): Promise<string> {
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

async function postEvent(channel: string, data: Record<string, unknown> = {}): Promise<string> {
  const { body } = await ui.service.call('POST', '/v1/events', {
    type: TYPE,
    customerId: 'buyer',
    channels: [channel],
    data,
  });
  return body.notifications[0].id;
}

async function postEvents(channel: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    type: TYPE,
    customerId: 'buyer',
    channels: [channel],
    data: { index },
  }));
  await ui.service.must('POST', '/v1/events/batch', { events });
}

/** For 250 pages. */
const LONG_EXPORT_MS = 150_000;

/** Exports the list on the screen, and returns the content of the file. */
async function exportAs(page: Page, format: RegExp, timeout?: number): Promise<{ name: string; text: string }> {
  const downloading = page.waitForEvent('download', { timeout });
  await clickButton(page, 'Export');
  await page.getByRole('menuitem', { name: format }).click();
  const download = await downloading;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

/** Waits until all attempts of an endpoint have failed. */
const failed = (subscriptionId: string, count: number) =>
  until(
    async () =>
      (await ui.service.call('GET', `/v1/notifications?subscriptionId=${subscriptionId}&status=failed&limit=200`)).body
        .items.length as number,
    (seen) => seen === count,
  );

const respondAt = (path: string, status: number, body?: string) =>
  ui.receiver.answerWith((request) => (request.path === path ? { status, body } : { status: 200 }));

test('the notification drawer explains a failure and retries it', async () => {
  const id = await createEndpoint('Broken', { retrySchedule: [1] });
  respondAt('/Broken', 503, '{"reason":"maintenance"}');
  const notification = await postEvent('Broken', { order: 'it\'s "7"' });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await clickButton(page, TYPE);
  const drawer = page.getByRole('dialog', { name: 'Notification' });
  await drawer.getByText(/^Failed after 2 attempts: .*No more retries are scheduled\.$/).waitFor();
  await drawer.getByText('The receiver returned 503.').waitFor();
  await drawer.getByLabel('Response body', { exact: true }).getByText('"reason": "maintenance"').waitFor();
  await drawer.getByRole('tab', { name: 'Request' }).click();
  await drawer
    .getByLabel('Request', { exact: true })
    .getByText(`POST ${ui.receiver.url('/Broken')}`)
    .waitFor();
  await ui.look(page, 'notification-failed');

  respondAt('/Broken', 200);
  await drawer.getByRole('button', { name: 'Retry now' }).click();
  await drawer.getByText('Delivered after 3 attempts.').waitFor();
  await drawer.getByText('manual', { exact: true }).waitFor();
  await ui.look(page, 'notification-delivered');
  expect((await ui.service.call('GET', `/v1/notifications/${notification}`)).body.status).toBe('delivered');
  await clickButton(page, 'Close');
  await page.getByText('No notifications match these filters').waitFor();
});

test('the drawer of a retrying notification shows its schedule, cancels it and links to its event', async () => {
  await createEndpoint('Waiting', { retrySchedule: [600, 7200] });
  respondAt('/Waiting', 500);
  const id = await postEvent('Waiting', { order: 8 });
  const page = await ui.signedIn(`/logs?open=${id}`);
  const drawer = page.getByRole('dialog', { name: 'Notification' });
  const steps = drawer.getByRole('list', { name: 'Attempts' }).getByRole('listitem');
  await steps
    .nth(1)
    .getByText(/^in (10|9) min/)
    .waitFor();
  await steps.nth(2).getByText('2 h later, if that fails').waitFor();
  await ui.look(page, 'notification-retrying');
  const [temporalUi] = await Promise.all([
    page.waitForEvent('popup'),
    drawer.getByRole('link', { name: 'Workflow' }).click(),
  ]);
  await temporalUi.getByText('deliverNotification').first().waitFor();
  expect(temporalUi.url()).toContain(encodeURIComponent(`notification/${id}`));
  await temporalUi.close();
  await drawer.getByRole('button', { name: 'Cancel' }).click();
  await clickButton(page, 'Cancel notification');
  await drawer.getByText('Cancelled after 1 attempt.').waitFor();
  await drawer.getByRole('link', { name: /^evt_/ }).click();
  const event = page.getByRole('dialog', { name: 'Event' });
  await event.getByLabel('Data', { exact: true }).getByText('"order": 8').waitFor();
  await event.getByText('cancelled').waitFor();
  await ui.look(page, 'event');
  await clickButton(page, 'Close');
  await page.getByRole('table').getByText(TYPE).first().waitFor();
  await ui.look(page, 'events');
});

test('60 selected notifications are retried in bulk with a summary of the results', async () => {
  const id = await createEndpoint('Down');
  respondAt('/Down', 500);
  await postEvents('Down', 60);
  // While the reader scrolls, the list does not move: what fails only then would be withheld.
  await failed(id, 60);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await page.getByText('50 loaded, scroll for more').or(page.getByText('60 total')).waitFor();
  await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  await page.getByText('60 total').waitFor();
  await page.evaluate('window.scrollTo(0, 0)');
  await page.getByLabel('Select all loaded notifications').check();
  await page.getByText('60 selected').waitFor();
  await ui.look(page, 'logs-selected');

  respondAt('/Down', 200);
  await clickButton(page, 'Retry 60');
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

test('a list of 500 notifications renders fewer than 100 rows while scrolling, and 50 are cancelled in bulk', async () => {
  const id = await createEndpoint('Many', { enabled: false });
  await postEvents('Many', 500);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  const rows = page.getByRole('table').getByRole('row');
  for (const loaded of [50, 250, 450]) {
    await page.getByText(`${loaded} loaded, scroll for more`).waitFor();
    expect(await rows.count()).toBeLessThan(100);
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  }
  await page.getByText('500 total').waitFor();
  expect(await rows.count()).toBeLessThan(100);

  await page.goto(`/logs?subscriptionId=${id}`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  await page.getByLabel('Select all loaded notifications').check();
  await clickButton(page, 'Cancel 50');
  const dialog = page.getByRole('dialog', { name: 'Cancel 50 notifications?' });
  await clickButton(page, 'Cancel notifications');
  await dialog.getByText('50 of 50 cancelled.').waitFor();
  await ui.look(page, 'logs-cancelled');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  expect(
    (await ui.service.call('GET', `/v1/notifications?subscriptionId=${id}&status=cancelled&limit=200`)).body.items,
  ).toHaveLength(50);
});

test('notification filters survive a reload', async () => {
  const id = await createEndpoint('Filtered');
  const notification = await postEvent('Filtered');
  const page = await ui.signedIn('/logs');
  await page.getByRole('combobox', { name: 'Endpoint' }).fill('Filt');
  await page.getByRole('option', { name: /Filtered/ }).click();
  await page.getByLabel('delivered').check();
  await page.getByLabel('held').check();
  await page.getByLabel('Accepted').selectOption('Last hour');
  await page.getByText('1 total').waitFor();
  await ui.look(page, 'logs');
  const filteredUrl = page.url();
  for (const part of [`subscriptionId=${id}`, 'status=delivered%2Cheld', 'period=hour'])
    expect(filteredUrl).toContain(part);
  await page.reload();
  await page.getByText('1 total').waitFor();
  expect(page.url()).toBe(filteredUrl);
  await until(
    () => page.getByRole('combobox', { name: 'Endpoint' }).inputValue(),
    (text) => text === 'Filtered',
  );
  await page.getByRole('searchbox', { name: 'Search notifications' }).fill(notification);
  await page.waitForURL((url) => url.searchParams.get('q') === notification);
  await page.getByText('1 total').waitFor();
  await page.getByRole('searchbox', { name: 'Search notifications' }).fill('ntf_00000000000000000000000000');
  await page.getByText('No notifications match these filters').waitFor();
});

test('lists are exported as filtered, with formulas made safe in CSV and numbers as they were written', async () => {
  await createEndpoint('Exported');
  const post = (id: string, data: string) =>
    fetch(`${ui.service.url}/v1/events`, {
      method: 'POST',
      headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
      body: `{"id":"${id}","type":"${TYPE}","customerId":"buyer","channels":["Exported"],"data":${data}}`,
    });
  expect((await post('-1-x', '{"amount":125.50,"order":12345678901234567890}')).status).toBe(202);
  await createEndpoint('Left-out');
  await postEvent('Left-out', { amount: 7 });
  const page = await ui.signedIn('/logs?tab=events');
  await page.getByRole('searchbox', { name: 'Search events' }).fill('-1-x');
  await page.getByText('1 total').waitFor();
  const csv = await exportAs(page, /CSV/);
  expect(csv.name).toBe('events.csv');
  const lines = csv.text.trimEnd().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe('id,webhookId,productId,type,customerId,channels,timestamp,acceptedAt,data');
  expect(lines[1]).toMatch(/^'-1-x,/);
  expect(lines[1]).toContain(`,"[""Exported""]",`);
  expect(lines[1]).toContain('"{""amount"":125.50,""order"":12345678901234567890}"');
  const json = await exportAs(page, /JSON/);
  expect(json.name).toBe('events.json');
  expect(JSON.parse(json.text)).toEqual([expect.objectContaining({ id: '-1-x', type: TYPE })]);
  expect(json.text).toContain('"amount":125.50,"order":12345678901234567890');
});

test('an export reads all pages, and says so when it stops at 50,000 rows', async () => {
  const page = await ui.signedIn('/recoveries');
  // In the page: 250 responses by way of the test take six times as long.
  await page.evaluate(`(() => {
    const { fetch } = window;
    const statuses = ['=1+1', '+1', '-1', '@a', 'a "b", c'];
    window.exportedPages = 0;
    window.fetch = async (...call) => {
      const url = new URL(String(call[0]), location.origin);
      if (url.pathname !== '/v1/recoveries' || url.searchParams.get('limit') !== '200') return fetch(...call);
      const items = Array.from({ length: 200 }, (_, index) => ({
        id: 'rec_' + (window.exportedPages * 200 + index),
        status: statuses[index % 5],
        total: -index,
      }));
      const cursor = window.exportedPages === 0 ? null : 'page-' + window.exportedPages;
      if (url.searchParams.get('cursor') !== cursor) throw new Error('not the next page: ' + url);
      window.exportedPages += 1;
      return Response.json({ items, nextCursor: 'page-' + window.exportedPages });
    };
  })()`);
  // Its message goes after some seconds, which reading the file may take.
  const message = page.getByText('The file has the first 50,000 rows').first().waitFor({ timeout: LONG_EXPORT_MS });
  const { text } = await exportAs(page, /CSV/, LONG_EXPORT_MS);
  await message;
  expect(await page.evaluate('window.exportedPages')).toBe(250);
  const lines = text.trimEnd().split('\r\n');
  expect(lines).toHaveLength(50_001);
  expect(lines.at(-1)).toMatch(/^rec_49999,/);
  expect(lines.slice(1, 6).map((line) => line.replaceAll(/,+/g, ','))).toEqual([
    "rec_0,'=1+1,0,",
    "rec_1,'+1,-1,",
    "rec_2,'-1,-2,",
    "rec_3,'@a,-3,",
    'rec_4,"a ""b"", c",-4,',
  ]);
});

test('a list keeps the choice of its columns and its saved views across a reload', async () => {
  const id = await createEndpoint('Viewed');
  await postEvent('Viewed');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  const header = page.getByRole('columnheader', { name: 'Result' });
  await header.waitFor();
  await clickButton(page, 'Columns');
  await page.getByRole('menuitemcheckbox', { name: 'Result' }).click();
  await header.waitFor({ state: 'detached' });
  await ui.look(page, 'logs-columns');
  await page.keyboard.press('Escape');
  await clickButton(page, 'Views');
  await page.getByRole('menuitem', { name: 'Save this view…' }).click();
  await page.getByLabel('Name of the current view').fill('Only Viewed');
  await ui.look(page, 'logs-views-dialog');
  await clickButton(page, 'Save view');

  await page.goto('/logs?status=delivered');
  await page.getByRole('columnheader', { name: 'Endpoint' }).waitFor();
  expect(await header.count()).toBe(0);
  await clickButton(page, 'Views');
  await page.getByRole('menuitem', { name: 'Only Viewed' }).click();
  await page.waitForURL(`${ui.service.url}/logs?subscriptionId=${id}`);
  await page.getByText('1 total').waitFor();
  await clickButton(page, 'Views');
  await page.getByRole('menuitem', { name: 'Save or delete…' }).click();
  await ui.look(page, 'logs-views-manage');
  await clickButton(page, 'Delete the view Only Viewed');
  await page.keyboard.press('Escape');
  await clickButton(page, 'Views');
  await page.getByRole('menuitem', { name: 'Save this view…' }).waitFor();
});

test('new notifications are withheld while rows are selected', async () => {
  const id = await createEndpoint('Steady');
  await postEvent('Steady');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.getByRole('table').getByText('delivered').waitFor();
  await page.getByLabel(/^Select ntf_/).check();
  await postEvent('Steady');
  await page.getByRole('button', { name: 'Show 1 new' }).waitFor();
  await page.getByText('1 total').waitFor();
  await clickButton(page, 'Show 1 new');
  await page.getByText('2 total').waitFor();
});

test('the activity feed is live and loses nothing while paused', async () => {
  await createEndpoint('Watched');
  const page = await ui.signedIn('/activity');
  await page.getByText('Live', { exact: true }).waitFor();
  await ui.look(page, 'activity-empty');
  await postEvent('Watched');
  const rows = page.getByRole('table').getByRole('row');
  await rows.nth(1).getByText('Attempt 1').waitFor();
  await rows.nth(2).getByText('Event accepted').waitFor();
  await page.getByText('1 event in the last minute').waitFor();

  await clickButton(page, 'Pause');
  for (let index = 0; index < 5; index++) await postEvent('Watched', { index });
  await page.getByText('Paused, 10 waiting').waitFor();
  expect(await rows.count()).toBe(3);
  await clickButton(page, 'Resume');
  await page.getByText('12 total').waitFor();
  await ui.look(page, 'activity');

  await page.getByLabel('Activity type', { exact: true }).selectOption('Attempt finished');
  await page.getByText('6 total').waitFor();
  await page.getByRole('button', { name: 'Attempt 1' }).first().click();
  await page.getByRole('dialog', { name: 'Notification' }).getByText('Delivered after 1 attempt.').waitFor();
});

/** Runs `cause` and returns the text of the activity stream up to its `count`th entry. */
async function recordActivity(count: number, cause: () => Promise<unknown>): Promise<string> {
  const response = await fetch(`${ui.service.url}/v1/activity`, { headers: { 'x-api-key': ADMIN_KEY } });
  await cause();
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.endsWith('\n\n') && text.split('\ndata: ').length > count) break;
  }
  return text;
}

test('the activity feed resumes where it stopped after a cut connection and a rejected reconnect', async () => {
  await createEndpoint('Cut');
  const recorded = await recordActivity(2, () => postEvent('Cut'));
  const page = await ui.signedIn();
  const requestedUrls: string[] = [];
  // First a stream that ends, then a 503 as from a proxy, after which EventSource gives up.
  await page.route('**/v1/activity*', (route) => {
    requestedUrls.push(route.request().url());
    if (requestedUrls.length === 1) return route.fulfill({ contentType: 'text/event-stream', body: recorded });
    return requestedUrls.length === 2 ? route.fulfill({ status: 503 }) : route.continue();
  });
  await page.goto('/activity');
  await page.getByText('2 total').waitFor();
  await page.getByText('Disconnected. Reconnecting…').waitFor();
  await postEvent('Cut');
  await page.getByText('4 total').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(requestedUrls[2]).toContain('lastEventId=');
});

test('the Recoveries screen starts a recovery and follows it to completion', async () => {
  const id = await createEndpoint('Recovering');
  respondAt('/Recovering', 500);
  for (let index = 0; index < 3; index++) await postEvent('Recovering', { index });
  await failed(id, 3);
  const page = await ui.signedIn('/recoveries');
  await page.getByText('No recoveries yet').waitFor();
  await ui.look(page, 'recoveries-empty');
  await clickButton(page, 'Start recovery');
  const dialog = page.getByRole('dialog', { name: 'Start recovery' });
  await dialog.getByRole('combobox', { name: 'Endpoint' }).fill('Recov');
  await page.getByRole('option', { name: /Recovering/ }).click();
  await dialog.getByText('3 failed. Retrying them takes').waitFor();
  await ui.look(page, 'recovery-start');
  respondAt('/Recovering', 200);
  await dialog.getByRole('button', { name: 'Recover', exact: true }).click();
  await dialog.getByRole('list', { name: 'Outcomes' }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const row = page.getByRole('table').getByRole('row').nth(1);
  await row.getByText('completed').waitFor();
  await row.getByRole('progressbar', { name: '3 of 3 retried' }).waitFor();
  await ui.look(page, 'recoveries');

  respondAt('/Recovering', 500);
  await postEvent('Recovering');
  await clickButton(page, 'Start recovery');
  await dialog.getByLabel('Scope', { exact: true }).selectOption({ label: 'All endpoints of a customer' });
  await dialog.getByRole('combobox', { name: 'Customer' }).fill('buy');
  await page.getByRole('option', { name: /buyer/ }).click();
  await ui.look(page, 'recovery-start-customer');
  await dialog.getByLabel(/^From/).fill('2020-01-01T00:00');
  await clickButton(page, 'Count…');
  await dialog.getByText(/notifications? match/).waitFor();
});
