import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { ADMIN_KEY } from '../support/service';
import { until } from '../support/until';

/** Finding events, why an endpoint did not get one, and acting on all that match. */
const ui = useUi();
const TYPE = 'parcel.sent.v1';
const OTHER = 'parcel.lost.v1';

beforeAll(async () => {
  await ui.service.call('POST', '/v1/products', { id: 'post', name: 'Post', enabled: true });
  await ui.service.call('PUT', `/v1/event-types/${TYPE}`, {
    productId: 'post',
    searchKeys: ['$.order', '$.lines[*].sku'],
  });
  await ui.service.call('PUT', `/v1/event-types/${OTHER}`, { productId: 'post' });
});

async function newCustomer(id: string): Promise<void> {
  await ui.service.call('POST', '/v1/customers', { id, name: `${id} Ltd`, productId: 'post' });
}

async function createEndpoint(customerId: string, name: string, settings: object = {}): Promise<string> {
  const { body } = await ui.service.call('POST', '/v1/subscriptions', {
    customerId,
    name,
    url: ui.receiver.url(`/${customerId}-${name}`),
    eventTypes: [TYPE],
    retrySchedule: [],
    ...settings,
  });
  return body.id;
}

async function postEvent(customerId: string, data: object = {}, event: object = {}) {
  const { body } = await ui.service.call('POST', '/v1/events', { type: TYPE, customerId, data, ...event });
  return body as { id: string; notifications: { id: string }[] };
}

const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const paste = async (page: Page, text: string) => {
  await page.evaluate(
    `(() => {
      const data = new DataTransfer();
      data.setData('text', ${JSON.stringify(text)});
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    })()`,
  );
};

test('why an endpoint did not get an event is answered in 3 clicks, and the event is sent to it', async () => {
  await newCustomer('acme');
  await createEndpoint('acme', 'main');
  await createEndpoint('acme', 'losses', { eventTypes: [OTHER] });
  await createEndpoint('acme', 'emea', { channels: ['emea', 'b2b'] });
  const event = await postEvent('acme', { order: 'A-1' }, { channels: ['apac'] });
  await createEndpoint('acme', 'late');
  const page = await ui.signedIn('/');
  let clicks = 0;
  const click = async (target: { click(): Promise<void> }) => {
    await target.click();
    clicks += 1;
  };
  await click(page.getByRole('link', { name: 'Customers', exact: true }));
  await click(page.getByRole('link', { name: 'acme Ltd' }));
  await click(page.getByRole('region', { name: 'Recent events' }).getByRole('button', { name: TYPE }).first());
  const routing = page.getByRole('dialog', { name: 'Event' }).getByRole('region', { name: 'Who got it' });
  const row = (name: string) => routing.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
  await row('main').getByText('delivered').waitFor();
  await row('losses').getByText(`Not subscribed to this type. Listens to ${OTHER}.`).waitFor();
  await row('emea').getByText('Channel does not match. Needs emea, b2b; the event has apac.').waitFor();
  await row('late').getByText('Created after this event.').waitFor();
  expect(clicks).toBe(3);
  await ui.look(page, 'event-routing');

  await row('losses').getByRole('button', { name: 'Send to losses' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send to losses?' });
  await ui.look(page, 'event-send');
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  await dialog.getByText('delivered', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await row('losses').getByText('delivered').waitFor();

  await routing.getByRole('button', { name: 'Send to…' }).click();
  const picker = page.getByRole('dialog', { name: 'Send to an endpoint' });
  await picker.getByRole('combobox', { name: 'Endpoint' }).fill('em');
  await page.getByRole('option', { name: /emea/ }).click();
  await picker.getByRole('button', { name: 'Send', exact: true }).click();
  await picker.getByRole('link', { name: 'Open the delivery' }).click();
  await page.getByRole('dialog', { name: 'Notification' }).getByText('Delivered after 1 attempt.').waitFor();
  const { body } = await ui.service.call('GET', `/v1/events/${event.id}`);
  expect(body.notifications).toHaveLength(3);
});

test('an event of a customer without endpoints offers to create one', async () => {
  await newCustomer('empty-co');
  const { id } = await postEvent('empty-co');
  const page = await ui.signedIn(`/logs?tab=events&event=${id}`);
  const drawer = page.getByRole('dialog', { name: 'Event' });
  await drawer.getByText('The customer has no endpoint.').waitFor();
  await drawer.getByRole('link', { name: 'New endpoint' }).click();
  await page.waitForURL(/endpoints\/new\?customerId=empty-co/);
});

test('the Events and Notifications lists find events by values, and a pasted id opens its page', async () => {
  await newCustomer('seeker');
  const endpoint = await createEndpoint('seeker', 'all');
  const event = await postEvent('seeker', { order: 'Order-77', lines: [{ sku: 'S-1' }] });
  await postEvent('seeker', { order: 'Order-78' });
  const page = await ui.signedIn('/logs?tab=events');
  const search = page.getByRole('searchbox', { name: 'Search events' });
  await search.fill('order-77');
  await page.getByText('1 total').waitFor();
  await ui.look(page, 'events-search');
  await search.fill('lines[*].sku:S-1');
  await page.getByText('1 total').waitFor();
  await search.fill('lines[*].sku:S-2');
  await page.getByText('Search finds IDs, and the values of the search keys').waitFor();
  await search.fill(event.id.slice(0, 27));
  await page.getByText('1 total').waitFor();

  await page.goto('/logs');
  await page.getByRole('searchbox', { name: 'Search notifications' }).fill('order:order-77');
  await page.getByText('1 total').waitFor();

  const notification = event.notifications[0]!.id;
  const { attempts } = await ui.service.reaches(notification, 'delivered');
  for (const [id, url] of [
    [event.id, new RegExp(`event=${event.id}`)],
    [notification, new RegExp(`open=${notification}`)],
    [endpoint, new RegExp(`/endpoints/${endpoint}`)],
    [attempts[0].id, new RegExp(`open=${notification}`)],
  ] as const) {
    await page.goto('/logs');
    await page.getByRole('searchbox', { name: 'Search notifications' }).focus();
    await paste(page, id);
    await page.waitForURL(url);
  }
});

test('the catalog declares search keys', async () => {
  const page = await ui.signedIn(`/catalog/${OTHER}`);
  await clickButton(page, 'Edit');
  await page.getByLabel('Search keys').fill('$.claim');
  await clickButton(page, 'Save');
  await page.getByRole('list', { name: 'Search keys' }).getByText('$.claim').waitFor();
  expect((await ui.service.call('GET', `/v1/event-types/${OTHER}`)).body.searchKeys).toEqual(['$.claim']);
});

test('the command palette keeps what is typed while it loads, and Enter opens nothing that does not match', async () => {
  await newCustomer('early-co');
  await newCustomer('early-late');
  const page = await ui.signedIn('/');
  // As on a slow network.
  await page.route(/palette.*\.js/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await route.continue();
  });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('early');
  const input = page.getByRole('combobox', { name: 'Command palette' });
  await input.waitFor();
  expect(await input.inputValue()).toBe('early');
  await page.getByRole('option', { name: /early-late/ }).waitFor();
  await page.getByRole('option', { name: /early-co/ }).waitFor();
  await page.keyboard.type('-co');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/customers\/early-co$/);

  // As on a quick network: React shows the palette some time after it has rendered it.
  await page.unroute(/palette.*\.js/);
  await page.reload();
  await page.getByRole('button', { name: /^Search/ }).click();
  await page.waitForTimeout(30);
  await page.keyboard.type('early-late');
  await input.waitFor();
  await page.getByRole('option', { name: 'Search events for “early-late”' }).waitFor();
  expect(await input.inputValue()).toBe('early-late');
  await page.keyboard.press('Escape');
  await page.locator('button:focus', { hasText: 'Search' }).waitFor();
});

test('the command palette opens customers, endpoints, pages and ids by keyboard alone', async () => {
  await newCustomer('palette-co');
  const endpoint = await createEndpoint('palette-co', 'finder');
  const event = await postEvent('palette-co', { order: 'P-1' });
  const page = await ui.signedIn('/');
  const input = page.getByRole('combobox', { name: 'Command palette' });
  const open = async (text: string) => {
    await page.keyboard.press('Control+k');
    await input.waitFor();
    await page.keyboard.type(text);
  };
  await open('palette-co');
  await page.getByRole('option', { name: /palette-co Ltd/ }).waitFor();
  await ui.look(page, 'palette');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/customers\/palette-co/);
  await input.waitFor({ state: 'detached' });
  await open('finder');
  await page.getByRole('option', { name: /^finder/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/endpoints/${endpoint}`));
  await input.waitFor({ state: 'detached' });
  await open('recov');
  // After the two searches of the logs, once nothing is left of what shorter texts had found.
  await page
    .getByRole('option')
    .nth(2)
    .and(page.getByRole('option', { name: 'Recoveries' }))
    .waitFor();
  for (let press = 0; press < 2; press++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/recoveries/);
  await input.waitFor({ state: 'detached' });
  await open(event.id);
  await page.getByRole('option', { name: `Open ${event.id}` }).waitFor();
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog', { name: 'Event' });
  await drawer.getByText('P-1').waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await input.waitFor();
  await page.keyboard.press('Escape');
  await input.waitFor({ state: 'detached' });
});

test('the command palette of a customer has no pages of the staff', async () => {
  await newCustomer('portal-co');
  const { body } = await ui.service.call('POST', '/v1/portal-sessions', { customerId: 'portal-co' });
  const page = await ui.open(new URL(body.url).pathname + new URL(body.url).hash);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.getByRole('button', { name: /^Search/ }).click();
  const options = page.getByRole('option');
  await options.first().waitFor();
  const names = await options.allTextContents();
  expect(names).toContain('Endpoints');
  for (const hidden of ['Customers', 'Credentials', 'Audit log', 'Onboarding']) expect(names).not.toContain(hidden);
});

test('all failed notifications that match are retried on the server, with their outcomes', async () => {
  await newCustomer('bulk-co');
  const id = await createEndpoint('bulk-co', 'down');
  ui.receiver.answerWith((request) => ({ status: request.path === '/bulk-co-down' ? 503 : 200 }));
  const events = Array.from({ length: 60 }, (_, index) => ({ type: TYPE, customerId: 'bulk-co', data: { index } }));
  await ui.service.call('POST', '/v1/events/batch', { events });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  await until(
    async () =>
      (await ui.service.call('GET', `/v1/notifications?subscriptionId=${id}&status=failed&limit=200`)).body.items
        .length as number,
    (failed) => failed === 60,
  );
  await page.goto(`/logs?subscriptionId=${id}&status=failed&finishedSince=2020-01-01T00:00:00Z`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  await page.getByLabel('Select all loaded notifications').check();
  await page.getByText('cannot be retried or cancelled beyond the loaded rows').waitFor();
  await ui.look(page, 'logs-matching-search');
  await page.goto(`/logs?subscriptionId=${id}&status=failed`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  await page.getByLabel('Select all loaded notifications').check();
  await page.getByText('All 50 loaded are selected.').waitFor();
  await clickButton(page, 'Select all 60 undelivered that match');
  await ui.look(page, 'logs-matching');
  await clickButton(page, 'Retry 60 that match…');
  const dialog = page.getByRole('dialog', { name: 'Retry all that match' });
  await dialog.getByText('60 notifications match.').waitFor();
  await dialog.getByLabel('Retries per second').fill('200');
  await ui.look(page, 'recovery-matching');
  let answered = 0;
  ui.receiver.answerWith(() => ({ status: ++answered <= 50 ? 200 : 503 }));
  await dialog.getByRole('button', { name: 'Retry 60' }).click();
  const outcomes = dialog.getByRole('list', { name: 'Outcomes' });
  await outcomes.getByText('50 delivered').waitFor();
  await outcomes.getByText('10 still failing').waitFor();
  await ui.look(page, 'recovery-outcomes');
  await outcomes.getByRole('link', { name: '10 still failing' }).click();
  await page.getByText('10 total').waitFor();
  await page.goto('/recoveries');
  await page.getByRole('button', { name: /^Retry failed/ }).click();
  await page.getByRole('dialog', { name: 'Recovery' }).getByText('50 delivered').waitFor();
  await ui.look(page, 'recovery');
});

test('Recover from here retries an endpoint from the time of a notification on', async () => {
  await newCustomer('here-co');
  const id = await createEndpoint('here-co', 'from');
  ui.receiver.answerWith((request) => ({ status: request.path === '/here-co-from' ? 503 : 200 }));
  for (let index = 0; index < 3; index++) {
    await postEvent('here-co', { index });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`, ADMIN_KEY, {
    timezoneId: 'America/New_York',
  });
  await page.getByRole('button', { name: /admin key of the configuration/ }).click();
  await page.getByRole('menuitemradio', { name: 'Times in UTC' }).click();
  await page.getByText('3 total').waitFor();
  await page.getByRole('button', { name: TYPE }).nth(1).click();
  await clickButton(page, 'Recover from here…');
  const dialog = page.getByRole('dialog', { name: 'Recover from here' });
  await ui.look(page, 'recover-from-here');
  await dialog.getByLabel('Until (UTC)').fill('2099-05-04T13:02');
  const counted = page.waitForRequest(
    (request) => request.postDataJSON()?.filter?.until === '2099-05-04T13:02:00.000Z',
  );
  await clickButton(page, 'Count…');
  await dialog.getByText('2 notifications match.').waitFor();
  await counted;
  ui.receiver.answerWith(() => ({ status: 200 }));
  await dialog.getByRole('button', { name: 'Retry 2' }).click();
  await dialog.getByText('2 delivered').waitFor();
  // The dialog stays when the drawer sees that its notification is delivered.
  await page.getByRole('button', { name: 'Recover from here…', includeHidden: true }).waitFor({ state: 'detached' });
  expect(await dialog.getByText('2 delivered').isVisible()).toBe(true);
});
