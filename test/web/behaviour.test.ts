import type { Page } from 'playwright-core';
import { standardSignature } from '../../src/domain/signing';
import { useUi } from '../support/browser';
import { ADMIN_KEY } from '../support/service';
import { until } from '../support/until';

/** What holds on every screen: numbers, times, focus, history, unsaved work, lost connections. */
const ui = useUi();
const TYPE = 'parcel.sent.v1';
/** A number with more digits than JavaScript keeps, and one with a zero that it drops. */
const DATA = '{"ref":12345678901234567890,"amount":125.50}';
const BOTH = /12345678901234567890[\s\S]*125\.50/;

const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const focusedRow = (page: Page) => page.evaluate<string>('document.activeElement.closest("tr")?.dataset.row');

/** Calls with a body whose numbers are sent as they are written. */
async function callWithText(method: string, route: string, body?: string): Promise<string> {
  const response = await fetch(ui.service.url + route, {
    method,
    headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route} ${response.status}: ${text}`);
  return text;
}

async function createEndpoint(name: string, settings: Record<string, unknown> = {}): Promise<string> {
  const body = await ui.service.must('POST', '/v1/subscriptions', {
    customerId: 'tyrell',
    name,
    url: ui.receiver.url(`/${name}`),
    eventTypes: [TYPE],
    channels: [name],
    retrySchedule: [],
    ...settings,
  });
  return body.id;
}

async function post(channel: string, data = DATA): Promise<{ id: string; notification: string }> {
  const event = `{"type":"${TYPE}","customerId":"tyrell","channels":["${channel}"],"data":${data}}`;
  const body = JSON.parse(await callWithText('POST', '/v1/events', event));
  return { id: body.id, notification: body.notifications[0]?.id };
}

beforeAll(async () => {
  await ui.service.must('POST', '/v1/products', { id: 'parcels', name: 'Parcels', enabled: true });
  await callWithText(
    'PUT',
    `/v1/event-types/${TYPE}`,
    `{"productId":"parcels","description":"A parcel was sent.","sample":${DATA}}`,
  );
  for (const id of ['tyrell-sarl', 'tyrell-ltd', 'tyrell'])
    await ui.service.must('POST', '/v1/customers', {
      id,
      name: id === 'tyrell' ? 'Tyrell Corporation' : id,
      productId: 'parcels',
    });
});

describe('numbers', () => {
  test('a long number and a trailing zero survive an edit of the description, and an import of the export', async () => {
    const page = await ui.signedIn(`/catalog/${TYPE}`);
    expect(await page.locator('pre[aria-label=Sample]').innerText()).toMatch(BOTH);
    await clickButton(page, 'Edit');
    await page.getByLabel('Description').fill('A parcel was sent off.');
    await clickButton(page, 'Save');
    await page.getByText('A parcel was sent off.').waitFor();
    const saved = await callWithText('GET', `/v1/event-types/${TYPE}`);
    expect(saved).toMatch(BOTH);

    await page.goto('/catalog');
    const download = page.waitForEvent('download');
    await clickButton(page, 'Export');
    const file = await (await download).path();
    await callWithText('PUT', `/v1/event-types/${TYPE}`, '{"productId":"parcels","description":"Other","schema":null}');
    await clickButton(page, 'Import');
    await page.getByLabel('File').setInputFiles(file);
    await clickButton(page, 'Import 1');
    await page.getByText('1 event type imported').first().waitFor();
    const imported = await callWithText('GET', `/v1/event-types/${TYPE}`);
    expect(imported).toMatch(BOTH);
  });

  test('the event drawer, Trigger now, custom data and the hand-over sheet show and send numbers as written', async () => {
    const id = await createEndpoint('Exact', { format: 'trigger' });
    await callWithText('PATCH', `/v1/subscriptions/${id}`, `{"customData":${DATA}}`);
    const { id: event } = await post('Exact');
    const page = await ui.signedIn();
    await page.goto(`/logs?tab=events&event=${event}`);
    expect(await page.getByRole('dialog').getByLabel('Data', { exact: true }).innerText()).toMatch(BOTH);

    await page.goto(`/endpoints/${id}`);
    await clickButton(page, 'Trigger now');
    const dialog = page.getByRole('dialog', { name: 'Trigger now' });
    const data = dialog.getByRole('textbox', { name: 'Data' });
    expect(await data.inputValue()).toMatch(BOTH);
    await data.fill(DATA.replace('ref', 'other'));
    const before = ui.receiver.requests.length;
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.getByText('delivered').waitFor();
    expect(ui.receiver.requests[before]!.body).toContain('"other":12345678901234567890,"amount":125.50');
    await dialog.getByRole('button', { name: 'Done' }).click();

    await page.getByRole('tab', { name: 'Custom data' }).click();
    const custom = page.getByRole('textbox', { name: 'Custom data' });
    expect(await custom.inputValue()).toMatch(BOTH);
    await custom.fill('{"ref":98765432109876543210,"amount":1.10}');
    await clickButton(page, 'Save');
    await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    expect(await callWithText('GET', `/v1/subscriptions/${id}`)).toContain('"ref":98765432109876543210,"amount":1.10');

    await page.goto(`/onboarding?product=parcels&customer=tyrell&endpoint=${id}`);
    await page.locator('summary').filter({ hasText: TYPE }).click();
    expect(await page.getByLabel(`Sample of ${TYPE}`, { exact: true }).innerText()).toMatch(BOTH);
  });
});

test('the hand-over sheet never shows the secret link of an endpoint under another one', async () => {
  const first = await createEndpoint('archive');
  const second = await createEndpoint('finance');
  const third = await createEndpoint('audit');
  const page = await ui.signedIn(`/onboarding?product=parcels&customer=tyrell&endpoint=${first}`);
  const choose = (id: string) => page.getByLabel('Endpoint', { exact: true }).selectOption(id);
  await clickButton(page, 'Send a test notification');
  await page.getByRole('status').getByText('delivered').waitFor();
  await choose(second);
  await page.getByRole('status').getByText('delivered').waitFor({ state: 'detached' });
  await choose(first);
  const sheet = page.getByRole('article', { name: 'Hand-over sheet' });
  const section = (name: string) => sheet.getByRole('region', { name, exact: true });
  await section('archive').getByRole('button', { name: 'Create secret link' }).click();
  await section('archive')
    .getByText(/\/secret#/)
    .waitFor();
  const link = await section('archive').getByLabel('Secret link of archive', { exact: true }).innerText();
  await choose(second);
  expect(await sheet.getByText(/\/secret#/).allInnerTexts()).toEqual([link]);
  expect(
    await section('finance')
      .getByText(/\/secret#/)
      .count(),
  ).toBe(0);
  // The sheet keeps its links while an endpoint is loading that was not loaded before.
  let load = () => {};
  const loads = new Promise<void>((resolve) => (load = resolve));
  await page.route(`**/v1/subscriptions/${third}`, async (route) => (await loads, route.continue()));
  await choose(third);
  await page.waitForURL(new RegExp(`endpoint=${third}`));
  expect(await sheet.getByText(/\/secret#/).allInnerTexts()).toEqual([link]);
  load();
  await page.getByRole('button', { name: 'Send a test notification' }).waitFor();
  expect(await sheet.getByText(/\/secret#/).allInnerTexts()).toEqual([link]);

  // The same holds for the pages of endpoints, between which a link may lead.
  await page.goto(`/endpoints/${first}?tab=secret`);
  await clickButton(page, 'Reveal');
  await page.getByText(/^whsec_/).waitFor();
  await page.evaluate(`history.pushState(null, '', '/endpoints/${second}?tab=secret')`);
  await page.evaluate(`dispatchEvent(new PopStateEvent('popstate', { state: null }))`);
  await page.getByRole('heading', { name: 'finance' }).waitFor();
  expect(await page.getByText(/^whsec_/).count()).toBe(0);
});

test('Back closes a drawer and takes back a filter, and closing a drawer leaves no entry', async () => {
  await createEndpoint('Back');
  await post('Back');
  const page = await ui.signedIn('/');
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await page.getByRole('checkbox', { name: 'delivered' }).check();
  await page.waitForURL(/status=delivered/);
  await page.getByRole('button', { name: TYPE }).first().click();
  await page.getByRole('dialog').getByText('Delivered after 1 attempt.').waitFor();
  await page.goBack();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(page.url()).toContain('/logs?status=delivered');
  await page.getByRole('button', { name: TYPE }).first().click();
  await page.getByRole('dialog').getByText('Delivered after 1 attempt.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goBack();
  await page.waitForURL((url) => url.search === '');
  expect(await page.getByLabel('delivered').isChecked()).toBe(false);
  await page.goBack();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

test('the filters that two tabs share stay when the tab changes', async () => {
  const page = await ui.signedIn(`/logs?type=${TYPE}&status=failed`);
  await page.getByRole('tab', { name: 'Events' }).click();
  await page.waitForURL(/tab=events/);
  expect(await page.getByRole('combobox', { name: 'Event type' }).inputValue()).toBe(TYPE);
  await page.getByRole('tab', { name: 'Notifications' }).click();
  expect(await page.getByLabel('failed').isChecked()).toBe(true);
});

test('the focus returns to what opened a drawer, a dialog and a menu', async () => {
  const id = await createEndpoint('Focus');
  const { notification } = await post('Focus');
  await post('Focus');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  const row = page.locator(`tr[data-row="${notification}"]`);
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog', { name: `Notification: ${TYPE}` });
  await drawer.waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  expect(await focusedRow(page)).toBe(notification);
  // By mouse, and after a step to the row above.
  await row.locator('td').last().click();
  await drawer.waitFor();
  await page.keyboard.press('k');
  await page.waitForURL((url) => url.searchParams.get('open') !== notification);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  expect(await focusedRow(page)).toMatch(/^ntf_/);
  expect(await focusedRow(page)).not.toBe(notification);

  await page.goto('/endpoints');
  await clickButton(page, 'Actions for Focus');
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog').or(page.getByRole('alertdialog')).first().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[aria-label="Actions for Focus"]:focus').waitFor();
  await page.goto(`/endpoints/${id}`);
  await page.getByRole('button', { name: 'Trigger now' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Trigger now' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('button:focus', { hasText: 'Trigger now' }).waitFor();
});

test('J and K lead from one notification to the next without closing the drawer', async () => {
  const id = await createEndpoint('Steps');
  const first = await post('Steps');
  const second = await post('Steps');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.locator(`tr[data-row="${second.notification}"]`).getByRole('button').click();
  await page.getByRole('dialog').getByText('Delivered after 1 attempt.').waitFor();
  await page.keyboard.press('j');
  await page.waitForURL(new RegExp(`open=${first.notification}`));
  // The address changes a moment before the drawer knows its new neighbours.
  await page.getByRole('button', { name: 'Next', disabled: true }).waitFor();
  await page.keyboard.press('ArrowUp');
  await page.waitForURL(new RegExp(`open=${second.notification}`));
  await clickButton(page, 'Next');
  await page.waitForURL(new RegExp(`open=${first.notification}`));
  // A dialog over the drawer keeps the keys: it would be gone with the notification.
  await page.getByRole('button', { name: 'Previous', disabled: false }).waitFor();
  await clickButton(page, 'Send to…');
  const dialog = page.getByRole('dialog', { name: 'Send to an endpoint' });
  await dialog.getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('k');
  await page.keyboard.press('ArrowUp');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(page.url()).toContain(`open=${first.notification}`);
  await page.goBack();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('unsaved work is not lost by a link, or by a click beside a dialog', async () => {
  const id = await createEndpoint('Unsaved');
  const page = await ui.signedIn(`/endpoints/${id}/edit`);
  await page.getByLabel('Description').fill('half of a');
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await page.getByRole('alertdialog', { name: 'Leave without saving?' }).waitFor();
  await clickButton(page, 'Keep editing');
  expect(await page.getByLabel('Description').inputValue()).toBe('half of a');
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await clickButton(page, 'Discard changes');
  await page.waitForURL('**/logs');
  await page.goto(`/endpoints/${id}/edit`);
  await page.getByLabel('Description').fill('all of it');
  await clickButton(page, 'Save changes');
  await page.waitForURL(`**/endpoints/${id}`);

  await page.goto('/catalog');
  await clickButton(page, 'New event type');
  const dialog = page.getByRole('dialog', { name: 'New event type' });
  await dialog.getByLabel('Name').fill('half.a.name');
  await page.mouse.click(5, 400);
  expect(await dialog.getByLabel('Name').inputValue()).toBe('half.a.name');
  await page.reload();
  await clickButton(page, 'New event type');
  await dialog.getByLabel('Description').fill('Half of a');
  await page.keyboard.press('Escape');
  await page.getByRole('alertdialog', { name: 'Discard what you entered?' }).waitFor();
  await clickButton(page, 'Keep editing');
  expect(await dialog.getByLabel('Name').inputValue()).toBe('half.a.name');
  await page.keyboard.press('Escape');
  await clickButton(page, 'Discard');
  await dialog.waitFor({ state: 'detached' });
  // Nothing was typed, so there is nothing to ask.
  await clickButton(page, 'New event type');
  expect(await dialog.getByLabel('Name').inputValue()).toBe('');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
});

test('a session that ends while someone types keeps the page, and goes on after a sign-in', async () => {
  const id = await createEndpoint('Session');
  const page = await ui.signedIn(`/endpoints/${id}/edit`);
  await page.getByLabel('Description').fill('typed before');
  const [cookie] = await page.context().cookies();
  await page.context().clearCookies();
  await clickButton(page, 'Save changes');
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await ui.look(page, 'session-ended');
  await dialog.getByLabel('API key').fill(ADMIN_KEY);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await page.getByLabel('Description').inputValue()).toBe('typed before');
  await clickButton(page, 'Save changes');
  await page.waitForURL(`**/endpoints/${id}`);
  await page.getByText('typed before').waitFor();
  expect((await page.context().cookies())[0]!.value).not.toBe(cookie!.value);
});

test('a portal that has ended says so and leads back, and shows no sign-in of operators', async () => {
  const { url, id } = await ui.service.must('POST', '/v1/portal-sessions', {
    customerId: 'tyrell',
    returnUrl: 'https://shop.example/account',
  });
  const page = await ui.open(new URL(url).pathname + new URL(url).hash);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await ui.service.must('DELETE', `/v1/portal-sessions/${id}`);
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByText(/with a new link/).waitFor();
  expect(await dialog.getByRole('link', { name: 'Back to shop.example' }).getAttribute('href')).toBe(
    'https://shop.example/account',
  );
  expect(await page.getByLabel('API key').count()).toBe(0);
  await page.reload();
  await page.getByRole('alert').getByText('Your session has ended.').waitFor();
});

test('a lost connection is reported with its age, and the banner goes when calls succeed', async () => {
  const page = await ui.signedIn('/logs');
  await page.getByText(/updated/).waitFor();
  await page.route('**/v1/**', (route) => route.abort());
  await page.getByText(/^Connection lost at \d+ \w+ \d{4}, [\d:]+ \S+\.$/).waitFor();
  await page.getByText(/^Showing data from \d+ s ago\.$/).waitFor();
  await ui.look(page, 'connection-lost');
  // While nothing comes through: the screen refreshes itself when something does.
  const retried = page.waitForRequest('**/v1/notifications?*');
  await clickButton(page, 'Retry');
  await retried;
  await page.unroute('**/v1/**');
  await page.getByText(/^Connection lost/).waitFor({ state: 'detached' });
});

test('the list of events refreshes itself', async () => {
  await createEndpoint('Fresh');
  const page = await ui.signedIn('/logs?tab=events');
  await page.getByRole('table').waitFor();
  const { id } = await post('Fresh');
  await page.getByRole('table').getByText(id).waitFor();
});

test('times have one zone everywhere, which is written and can be changed to UTC', async () => {
  const id = await createEndpoint('Zone');
  const { notification } = await post('Zone');
  const { createdAt } = await ui.service.must('GET', `/v1/notifications/${notification}`);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`, ADMIN_KEY, { timezoneId: 'America/New_York' });
  const local = new Date(createdAt).toLocaleTimeString('en-GB', { timeZone: 'America/New_York' });
  const utc = createdAt.slice(11, 19);
  await page.getByRole('table').getByText(`${local} GMT-5`).waitFor();
  await page.getByRole('table').getByRole('button', { name: TYPE }).click();
  await page
    .getByRole('dialog')
    .getByText(`2026, ${local} GMT-5`.replace('2026', createdAt.slice(0, 4)))
    .waitFor();
  await page.keyboard.press('Escape');
  await page.getByLabel('Accepted').selectOption('Custom range…');
  await page.getByLabel('From (GMT-5)').waitFor();
  await page.goto('/');
  await page.locator('.recharts-wrapper').hover();
  await page.locator('.recharts-default-tooltip').getByText('GMT-5').waitFor();

  await page.getByRole('button', { name: /admin key of the configuration/ }).click();
  await page.getByRole('menuitem', { name: 'Times in UTC' }).click();
  await page.locator('.recharts-wrapper').hover();
  await page.locator('.recharts-default-tooltip').getByText('UTC').waitFor();
  await page.goto(`/logs?subscriptionId=${id}&period=between`);
  await page.getByRole('table').getByText(`${utc} UTC`).waitFor();
  await page.getByLabel('From (UTC)').fill(createdAt.slice(0, 16));
  await page.waitForURL((url) => url.searchParams.get('since') === `${createdAt.slice(0, 16)}:00.000Z`);
});

test('a figure of the overview is the number of rows of the list behind it', async () => {
  const id = await createEndpoint('Figures');
  ui.receiver.answerWith((request) => ({ status: request.path === '/Figures' ? 500 : 200 }));
  for (let index = 0; index < 3; index++) await post('Figures');
  const [last] = [await post('Figures')];
  for (;;) {
    const { status } = await ui.service.must('GET', `/v1/notifications/${last.notification}`);
    if (status === 'failed') break;
  }
  ui.receiver.answerWith(200);
  // One of the failures is over: it was retried and delivered.
  await ui.service.must('POST', `/v1/notifications/${last.notification}/retry`, {});
  for (;;) {
    const { status } = await ui.service.must('GET', `/v1/notifications/${last.notification}`);
    if (status === 'delivered') break;
  }
  expect(id).toMatch(/^sub_/);
  const page = await ui.signedIn('/');
  const tiles = page.getByRole('link', { name: /^(Delivered|Failed|Retrying|Held)\s*\d/ });
  // The figures are at most 5 seconds old.
  await page.getByRole('link', { name: /^Failed\s*3\b/ }).waitFor();
  const seen: [string, number, number][] = [];
  for (const name of ['Delivered', 'Failed', 'Retrying', 'Held']) {
    const tile = tiles.filter({ hasText: name });
    const figure = Number(/\d+/.exec(await tile.innerText())![0]);
    await tile.click();
    const count = await page
      .getByText(/^\d+ total$/)
      .or(page.getByText('No notifications match these filters'))
      .innerText();
    seen.push([name, figure, Number.parseInt(count, 10) || 0]);
    await page.goBack();
  }
  expect(seen).toEqual(seen.map(([name, figure]) => [name, figure, figure]));
  await page.getByRole('link', { name: /^3 notifications failed in the last 24 hours/ }).click();
  await page.getByText('3 total').waitFor();
  await clickButton(page, /^Remove the filter: Finished since/);
  await page.waitForURL((url) => !url.searchParams.has('finishedSince'));
});

test('a mistyped address and a thing that does not exist lead back, in words', async () => {
  const page = await ui.signedIn('/');
  expect((await page.goto('/nope'))!.status()).toBe(404);
  await page.getByText('Page not found').waitFor();
  expect(await page.title()).toBe('Page not found · Signpost');
  await page.getByRole('link', { name: 'Go to overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  for (const [route, title, back] of [
    ['/endpoints/sub_00000000000000000000000000', 'Endpoint not found', 'All endpoints'],
    ['/customers/nobody', 'Customer not found', 'All customers'],
    ['/catalog/no.such.v1', 'Event type not found', 'Event catalog'],
  ] as const) {
    await page.goto(route);
    await page.getByText(title, { exact: true }).waitFor();
    expect(await page.title()).toBe(`${title} · Signpost`);
    await page.getByRole('main').getByRole('link', { name: back }).waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  }
  const json = await fetch(`${ui.service.url}/nope`, { headers: { accept: 'application/json' } });
  expect(json.headers.get('content-type')).toContain('application/problem+json');
});

test('a combobox lists the exact match first, takes it by Enter, shows its name, and says if nothing matches', async () => {
  const page = await ui.signedIn('/logs');
  const field = page.getByRole('combobox', { name: 'Customer' });
  const options = page.getByRole('listbox', { name: 'Customer' }).getByRole('option');
  await field.fill('tyrell');
  await options.nth(2).waitFor();
  expect(await options.allInnerTexts()).toEqual([
    expect.stringMatching(/^tyrell\b(?!-)/),
    expect.any(String),
    expect.any(String),
  ]);
  await field.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('customerId') === 'tyrell');
  await until(
    () => field.inputValue(),
    (text) => text === 'Tyrell Corporation (tyrell)',
  );
  await field.fill('zzzz');
  await page.getByRole('option', { name: 'No match for “zzzz”' }).waitFor();
});

test('a failed attempt shows its response first, and two attempts beside each other with changed lines', async () => {
  const id = await createEndpoint('Compared', { retrySchedule: [1] });
  let answer = 0;
  ui.receiver.answerWith((request) =>
    request.path === '/Compared'
      ? { status: 503, body: `{"reason":"maintenance","attempt":${(answer += 1)}}` }
      : { status: 200 },
  );
  await post('Compared');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await clickButton(page, TYPE);
  const drawer = page.getByRole('dialog', { name: /^Notification/ });
  await drawer.getByRole('tab', { name: 'Response', selected: true }).waitFor();
  await drawer.getByLabel('Response body', { exact: true }).getByText('"attempt": 2').waitFor();
  await drawer.getByRole('tab', { name: 'Request' }).click();
  await drawer.getByLabel('Request body', { exact: true }).getByText('12345678901234567890').waitFor();
  await drawer.getByRole('tab', { name: 'Headers' }).click();
  await drawer.getByLabel('Request headers', { exact: true }).getByText('webhook-id').waitFor();
  await clickButton(page, 'Compare');
  const compare = page.getByRole('dialog', { name: 'Compare attempts' });
  const changed = compare.getByLabel('Response body, right', { exact: true }).locator('mark');
  await changed.waitFor();
  expect((await changed.innerText()).trim()).toBe('"attempt": 2');
  expect(await compare.getByLabel('Request body, left', { exact: true }).locator('mark').count()).toBe(0);
  await ui.look(page, 'compare');
  ui.receiver.answerWith(200);
});

test('a copied request is signed now, or only the payload, and its signature is audited', async () => {
  const id = await createEndpoint('Copied');
  await post('Copied');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()');
  await clickButton(page, TYPE);
  const drawer = page.getByRole('dialog', { name: /^Notification/ });
  const copy = async (item: string, note: RegExp) => {
    await drawer.getByRole('button', { name: 'Copy as…' }).click();
    await page.getByRole('menuitem', { name: item }).click();
    await page.getByText(note).first().waitFor();
    return clipboard();
  };
  expect(await copy('Payload only', /^Payload copied/)).toContain('12345678901234567890');
  expect(await copy('curl, as sent', /a receiver that verifies it refuses it/)).toMatch(/^curl -i -X POST/);
  const command = await copy('curl, signed now', /for about 5 minutes/);
  const header = (name: string) => new RegExp(`${name}: ([^']+)`).exec(command)![1]!;
  const { secret } = await ui.service.must('GET', `/v1/subscriptions/${id}/secret`);
  const timestampSeconds = Number(header('webhook-timestamp'));
  const body = /--data-binary '(.*)'$/s.exec(command)![1]!;
  expect(Date.now() / 1000 - timestampSeconds).toBeLessThan(60);
  expect(header('webhook-signature')).toBe(
    standardSignature({ id: header('webhook-id'), timestampSeconds, body }, [secret]),
  );
  expect(await copy('Python, signed now', /^Python copied/)).toContain('urllib.request.Request');
  const { items } = await ui.service.must('GET', '/v1/audit?action=attempt.sign');
  expect(items).toHaveLength(2);
});

test('rows of a table are equally high, and columns keep their widths while it scrolls', async () => {
  const id = await createEndpoint('Rows', { enabled: false });
  const events = Array.from({ length: 400 }, (_, index) => ({
    type: TYPE,
    customerId: 'tyrell',
    channels: ['Rows', ...(index % 7 === 0 ? ['a-much-longer-name-of-a-channel'] : [])],
    data: {},
  }));
  await ui.service.must('POST', '/v1/events/batch', { events });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  const shapes = new Set<string>();
  for (let step = 0; step < 40; step++) {
    await page.evaluate(
      `new Promise((done) => { window.scrollBy(0, 300); requestAnimationFrame(() => requestAnimationFrame(done)); })`,
    );
    shapes.add(
      await page.evaluate<string>(`JSON.stringify([
        [...document.querySelectorAll('th')].map((th) => Math.round(th.getBoundingClientRect().width)),
        [...new Set([...document.querySelectorAll('tbody tr[data-row]')].map((tr) => Math.round(tr.getBoundingClientRect().height)))],
      ])`),
    );
  }
  expect(shapes.size).toBe(1);
  expect([...shapes][0]).toContain(',[46]]');
});

test('a long URL takes one line of the head of an endpoint, and can be shown in full', async () => {
  const id = await createEndpoint('Long', { url: ui.receiver.url(`/${'a'.repeat(1500)}`) });
  const page = await ui.signedIn(`/endpoints/${id}`);
  const head = page.getByRole('banner').or(page.locator('header.page-head')).last();
  await head.getByText(/^POST http/).waitFor();
  expect((await head.boundingBox())!.height).toBeLessThan(140);
  await clickButton(page, 'Show all');
  await clickButton(page, 'Show less');
  await ui.look(page, 'endpoint-long-url');
});

test('an admin approves all requested URLs in one step, and a customer learns that an admin was asked', async () => {
  for (const host of ['one', 'two'])
    await createEndpoint(`Waits-${host}`, { url: `https://${host}.tyrell.example/in` });
  const page = await ui.signedIn('/allow-list');
  await page.getByText('1 endpoint waits: Waits-one of tyrell').waitFor();
  await ui.look(page, 'allow-list-requests');
  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId: 'tyrell' });
  const portal = await ui.open(new URL(url).pathname + new URL(url).hash);
  await portal.getByRole('link', { name: 'Endpoints' }).click();
  await portal.getByRole('link', { name: 'Waits-one' }).click();
  await portal.getByText('An admin was asked to approve it.').waitFor();
  await clickButton(page, /^Approve all \d$/);
  await page.getByRole('alertdialog').getByText('https://one.tyrell.example').waitFor();
  await page.getByRole('button', { name: 'Approve all', exact: true }).click();
  await page.getByText('Requests to review').waitFor({ state: 'detached' });
  const { items } = await ui.service.must('GET', '/v1/subscriptions?q=Waits-');
  expect(items.map(({ status }: { status: string }) => status)).toEqual(['enabled', 'enabled']);
});
