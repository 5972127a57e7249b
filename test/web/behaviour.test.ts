import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { useParcels } from '../support/parcels';
import { ADMIN_KEY } from '../support/service';

/** What changes while a page is open: its endpoint, session, connection, lists and approvals. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);
const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

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
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await page.getByRole('heading', { name: 'Logs' }).waitFor();
  // The list reads itself again, and so finds out.
  await ui.service.must('DELETE', `/v1/portal-sessions/${id}`);
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

test('a screen whose database is away says so, and reads itself again when it is back', async () => {
  const page = await ui.signedIn('/logs');
  let isAway = true;
  const problem = JSON.stringify({
    type: '/docs/errors#database-unavailable',
    title: 'The database is unavailable',
    status: 503,
    detail: 'The database is unavailable. Retry the request.',
    code: 'database-unavailable',
  });
  await page.route('**/v1/**', (route) =>
    isAway ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: problem }) : route.continue(),
  );
  // Customers are not polled.
  await page.getByRole('link', { name: 'Customers', exact: true }).click();
  await page.getByText(/^The database is unavailable since \d+ \w+ \d{4}, [\d:]+ \S+\.$/).waitFor();
  await page.getByText('Could not load customers').waitFor();
  await clickButton(page, 'New customer');
  const name = page.getByRole('dialog').getByLabel('Name', { exact: true });
  await name.fill('Typed');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.getByRole('dialog').getByRole('alert').getByText('The database is unavailable').waitFor();
  expect(await name.inputValue()).toBe('Typed');
  isAway = false;
  await page.getByRole('table', { includeHidden: true }).waitFor();
  await page.getByText(/^The database is unavailable since/).waitFor({ state: 'detached' });
  expect(await name.inputValue()).toBe('Typed');
});

test('an error stays while a polled list is read again', async () => {
  const page = await ui.signedIn();
  await page.route('**/v1/notifications?*', (route) => route.fulfill({ status: 500 }));
  await page.goto('/logs');
  await page.getByText('Could not load notifications').waitFor();
  for (let reads = 0; reads < 2; reads++) {
    await page.waitForRequest('**/v1/notifications?*');
    expect(await page.getByText('Could not load notifications').isVisible()).toBe(true);
  }
});

test('Temporal that is unreachable is reported to operators, and not to customers', async () => {
  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId: 'tyrell' });
  const portal = await ui.open(new URL(url).pathname + new URL(url).hash);
  const page = await ui.signedIn();
  const asked: string[] = [];
  for (const each of [page, portal])
    await each.route('**/readyz?*', (route) => {
      asked.push(each === page ? 'operator' : 'customer');
      return route.fulfill({ json: { status: 'ready', postgres: 'ok', temporal: 'unreachable' } });
    });
  await Promise.all([page.goto('/endpoints'), portal.goto('/portal/endpoints')]);
  const banner = page.getByRole('alert').filter({ hasText: 'Temporal is unreachable' });
  await banner.waitFor();
  await ui.look(page, 'temporal-unreachable');
  expect(await portal.getByText('Temporal').count()).toBe(0);
  expect(asked).not.toContain('customer');
  await page.unroute('**/readyz?*');
  await banner.waitFor({ state: 'detached' });
});

test('the list of events refreshes itself', async () => {
  await createEndpoint('Fresh');
  await post('Fresh');
  const page = await ui.signedIn('/logs?tab=events');
  await page.getByRole('table').waitFor();
  const { id } = await post('Fresh');
  await page.getByRole('table').getByText(id).waitFor();
});

test('an admin approves all requested URLs in one step, and a customer learns that an admin was asked', async () => {
  for (const host of ['one', 'two'])
    await createEndpoint(`Waits-${host}`, { url: `https://${host}.tyrell.example/in` });
  const page = await ui.signedIn('/allow-list');
  await page.getByText('1 endpoint waits: Waits-one of tyrell').waitFor();
  await ui.look(page, 'allow-list-requests');
  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId: 'tyrell' });
  const portal = await ui.open(new URL(url).pathname + new URL(url).hash);
  await portal.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await portal.getByRole('link', { name: 'Waits-one' }).click();
  await portal.getByText('An admin was asked to approve it.').waitFor();
  await clickButton(page, /^Approve all \d$/);
  await page.getByRole('alertdialog').getByText('https://one.tyrell.example').waitFor();
  await page.getByRole('button', { name: 'Approve all', exact: true }).click();
  await page.getByText('Requests to review').waitFor({ state: 'detached' });
  const { items } = await ui.service.must('GET', '/v1/subscriptions?q=Waits-');
  expect(items.map(({ status }: { status: string }) => status)).toEqual(['enabled', 'enabled']);
});

test('a comparison of attempts stays open when another attempt is added', async () => {
  await createEndpoint('Compared-on', { retrySchedule: [1, 3600] });
  ui.receiver.answerWith((request) => ({ status: request.path === '/Compared-on' ? 503 : 200 }));
  const { notification } = await post('Compared-on');
  const page = await ui.signedIn(`/logs?open=${notification}`);
  await clickButton(page, 'Compare');
  const compare = page.getByRole('dialog', { name: 'Compare attempts' });
  await compare.waitFor();
  await ui.service.must('POST', `/v1/notifications/${notification}/retry`, {});
  await page.getByRole('button', { name: 'Attempt 3', includeHidden: true }).waitFor();
  expect(await compare.isVisible()).toBe(true);
  ui.receiver.answerWith(200);
});

test('onboarding offers the form of a new endpoint only when it knows that there is none', async () => {
  const id = await createEndpoint('Known');
  const page = await ui.signedIn();
  let arrive!: () => void;
  const arrives = new Promise<void>((resolve) => (arrive = resolve));
  await page.route(/v1\/subscriptions\?.*customerId=tyrell/, async (route) => {
    await arrives;
    await route.continue();
  });
  await page.goto('/onboarding?product=parcels&customer=tyrell');
  const step = page.getByRole('region', { name: '4. Endpoint' });
  await step.getByRole('status', { name: 'Loading' }).waitFor();
  arrive();
  await step.getByLabel('Endpoint', { exact: true }).selectOption(id);
  await page.waitForURL(new RegExp(`endpoint=${id}`));
});

test('the question whether to cancel stays open when the notification is delivered meanwhile', async () => {
  await createEndpoint('Asked', { retrySchedule: [3600] });
  ui.receiver.answerWith((request) => ({ status: request.path === '/Asked' ? 503 : 200 }));
  const { notification } = await post('Asked');
  await ui.service.reaches(notification, 'retrying');
  const page = await ui.signedIn(`/logs?open=${notification}`);
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click();
  const question = page.getByRole('alertdialog', { name: 'Cancel this notification?' });
  await question.waitFor();
  ui.receiver.answerWith(200);
  await ui.service.must('POST', `/v1/notifications/${notification}/retry`, {});
  await page.getByText('Delivered after 2 attempts.').waitFor();
  expect(await question.isVisible()).toBe(true);
});

test('a part that cannot be loaded leaves the page and what was typed as they are', async () => {
  const page = await ui.signedIn();
  let isFailing = true;
  await page.route(/\/assets\/open-(confirm|menu)-/, (route) => (isFailing ? route.abort() : route.continue()));
  await page.goto('/endpoints/new');
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('Typed');
  await page.getByRole('link', { name: 'Endpoints' }).first().click();
  const alert = page.getByRole('alert').filter({ hasText: 'could not be loaded' });
  await alert.waitFor();
  expect(await name.inputValue()).toBe('Typed');
  await ui.look(page, 'part-not-loaded');

  await page.goto('/logs');
  await clickButton(page, 'Columns');
  await alert.waitFor();
  await page.getByRole('heading', { name: 'Logs' }).waitFor();
  isFailing = false;
  await alert.getByRole('button', { name: 'Reload' }).click();
  await alert.waitFor({ state: 'detached' });
  await clickButton(page, 'Columns');
  await page.getByRole('menu').waitFor();
});
