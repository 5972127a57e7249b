import { ADMIN_KEY, onboard } from '../support/service';
import { pointAtChart, useUi } from '../support/browser';

/** Sign-in, the overview, and the isolation of a customer's portal. */
const ui = useUi();
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32"><circle cx="16" cy="16" r="15" fill="#0a5c3b"/></svg>';

test('the overview of an empty installation leads to the first endpoint and event', async () => {
  const page = await ui.signedIn('/');
  const list = page.getByRole('region', { name: 'Getting started' });
  const step = (text: string) => list.getByRole('listitem').filter({ hasText: text });
  await step('Create a customer').getByRole('link', { name: 'Open customers' }).waitFor();
  await ui.look(page, 'first-run');
  await list.getByRole('button', { name: 'Load the example catalog' }).click();
  await step('Describe your events (done)').waitFor();
  await ui.service.must('POST', '/v1/customers', { id: 'first', name: 'First', productId: 'example' });
  const { id } = await ui.service.must('POST', '/v1/subscriptions', {
    customerId: 'first',
    name: 'first',
    url: ui.receiver.url('/first'),
    eventTypes: ['order.created.v1'],
  });
  await page.reload();
  await step('Add an endpoint (done)').waitFor();
  await step('Send the first event').getByRole('link', { name: 'Open the endpoint' }).click();
  await page.waitForURL(`**/endpoints/${id}`);
  await page.getByRole('button', { name: 'Trigger now' }).waitFor();
});

test('sign-in rejects a wrong key and hides the right one from scripts', async () => {
  const page = await ui.open('/logs?status=failed');
  await page.waitForURL('**/sign-in');
  await ui.look(page, 'sign-in');
  await page.getByLabel('API key').fill('not-the-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key is unknown, revoked or expired.').waitFor();
  await page.getByLabel('API key').fill(ADMIN_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/logs?status=failed');
  const visibleToScripts = await page.evaluate(
    'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])',
  );
  expect(visibleToScripts).not.toContain(ADMIN_KEY);
  expect(visibleToScripts).not.toContain('signpost_session');
});

test('signing out ends the session on the server', async () => {
  const page = await ui.signedIn('/endpoints');
  const [cookie] = await page.context().cookies();
  await page.getByRole('button', { name: /admin key of the configuration/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goto('/endpoints');
  await page.waitForURL('**/sign-in');
  const response = await fetch(`${ui.service.url}/v1/subscriptions`, {
    headers: { cookie: `${cookie!.name}=${cookie!.value}` },
  });
  expect(response.status).toBe(401);
});

test('the overview shows delivery figures and links to what needs attention', async () => {
  ui.receiver.answerWith([204, 500]);
  const customer = await onboard(ui.service, ui.receiver.url('/overview'), { retrySchedule: [] });
  await customer.post();
  await customer.post();
  await ui.receiver.waitFor(2);
  ui.receiver.answerWith(204);
  const page = await ui.signedIn('/');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('link', { name: /1 notification failed in the last 24 hours \(no retries left\)/ }).waitFor();
  await page.getByRole('region', { name: 'Most failing endpoints' }).getByText('1 of 2').waitFor();
  // With the pointer on the chart: its tooltip must not overflow a window that becomes narrow.
  await pointAtChart(page, 'accepted');
  await ui.look(page, 'overview');
  await page.getByLabel('Period').selectOption('day');
  await page.waitForURL('**/?window=day');
  await page.reload();
  expect(await page.getByLabel('Period').inputValue()).toBe('day');
  await page.getByRole('link', { name: /failed in the last 24 hours/ }).click();
  await page.waitForURL(/\/logs\?status=failed&finishedSince=/);
  await page.getByText('1 total').waitFor();
});

test('a portal link opens a portal that shows nothing of other customers', async () => {
  const mine = await onboard(ui.service, ui.receiver.url('/mine'));
  const theirs = await onboard(ui.service, ui.receiver.url('/theirs'));
  const [theirNotification] = await theirs.post();
  const [myNotification] = await mine.post();
  const { body: session } = await ui.service.call('POST', '/v1/portal-sessions', { customerId: mine.customerId });
  const page = await ui.open(new URL(session.url).pathname + new URL(session.url).hash);
  await page.locator('#sidebar').getByText('Customer · webhooks').waitFor();
  expect(page.url()).not.toContain(session.token);
  const navigation = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents();
  expect(navigation).toEqual(['Overview', 'Endpoints', 'Logs', 'Activity', 'Recoveries', 'Event catalog']);
  await ui.look(page, 'portal');

  await page.goto('/portal/endpoints');
  await page.getByTitle(ui.receiver.url('/mine')).waitFor();
  await page.goto('/portal/logs');
  const eventOf = async (id = '') => (await ui.service.call('GET', `/v1/notifications/${id}`)).body.eventId as string;
  // The rows are there before the page is searched for rows of others.
  await page
    .getByRole('table')
    .getByText(await eventOf(myNotification))
    .waitFor();
  await page.getByText('1 total').waitFor();
  expect(await page.content()).not.toContain(await eventOf(theirNotification));
  expect(await page.content()).not.toContain(theirs.customerId);

  // The IDs of another customer return nothing, neither in the UI nor from the API.
  await page.goto(`/portal/endpoints/${theirs.subscriptionId}`);
  await page.getByText('Endpoint not found').waitFor();
  for (const route of [
    `/v1/subscriptions/${theirs.subscriptionId}`,
    `/v1/subscriptions/${theirs.subscriptionId}/secret`,
    `/v1/notifications/${theirNotification}`,
    `/v1/customers/${theirs.customerId}`,
  ])
    expect([route, await page.evaluate(`fetch('${route}').then((answer) => answer.status)`)]).toEqual([route, 404]);
  for (const route of ['/v1/products', '/v1/api-keys', '/v1/audit', '/v1/url-allowlist'])
    expect([route, await page.evaluate(`fetch('${route}').then((answer) => answer.status)`)]).toEqual([route, 403]);
  const { body: apiKey } = await ui.service.call('POST', '/v1/api-keys', {
    name: 'Key of the operators',
    role: 'viewer',
  });
  await page.goto('/portal/credentials');
  await page.getByText('You don’t have permission to see this page').first().waitFor();
  for (const text of [apiKey.id, 'Key of the operators']) expect(await page.content()).not.toContain(text);
});

test('a portal is beside the session of an operator, in the same browser', async () => {
  const customer = await onboard(ui.service, ui.receiver.url('/beside'));
  const { body: link } = await ui.service.call('POST', '/v1/portal-sessions', {
    customerId: customer.customerId,
    once: true,
    returnUrl: 'https://shop.example/account',
  });
  const admin = await ui.signedIn('/customers');
  const portal = await admin.context().newPage();
  await portal.goto(link.url);
  // A page in the background draws no frames, and so becomes visible only now and then.
  await portal.bringToFront();
  await portal.locator('#sidebar').getByText('Customer · webhooks').waitFor();
  expect(await portal.getByRole('link', { name: 'Back to shop.example' }).getAttribute('href')).toBe(
    'https://shop.example/account',
  );
  await portal.getByRole('link', { name: 'Activity' }).click();
  await portal.waitForURL('**/portal/activity');
  await portal.getByText('Live', { exact: true }).waitFor();
  await customer.post();
  await portal.getByRole('row').filter({ hasText: 'Event accepted' }).waitFor();
  await portal.reload();
  await portal.locator('#sidebar').getByText('Customer · webhooks').waitFor();

  await admin.reload();
  await admin.getByRole('button', { name: /admin key of the configuration/ }).waitFor();
  await admin.getByRole('link', { name: 'Credentials' }).click();
  await admin.getByRole('button', { name: 'New API key' }).waitFor();

  // The link works in its first browser only, which goes on.
  const other = await ui.open(new URL(link.url).pathname + new URL(link.url).hash);
  await other.getByRole('alert').getByText('This link is incomplete or has expired.').waitFor();
  await portal.getByRole('button', { name: /^Customer\s*customer$/ }).click();
  await portal.getByRole('menuitem', { name: 'Sign out' }).click();
  await portal.getByRole('alert').getByText('Your session has ended.').waitFor();
  await admin.reload();
  await admin.getByRole('button', { name: 'New API key' }).waitFor();
});

test('a portal has the name, logo and accent colour of its product, and adds an endpoint by URL alone', async () => {
  const customer = await onboard(ui.service, ui.receiver.url('/branded'));
  const { productId } = await ui.service.must('GET', `/v1/customers/${customer.customerId}`);
  const admin = await ui.signedIn('/products');
  await admin.getByRole('row').filter({ hasText: productId }).getByRole('button').click();
  await admin.getByRole('menuitem', { name: 'Portal appearance…' }).click();
  await admin.getByLabel('Name').fill('Acme Pay');
  await admin.getByLabel('Logo URL').fill(`data:image/svg+xml;base64,${Buffer.from(LOGO).toString('base64')}`);
  await admin.getByLabel('Accent color').fill('#ffcc00');
  await admin.getByRole('button', { name: 'Save' }).click();
  await admin.getByText(/contrast of 1\.\d+:1 with white/).waitFor();
  await admin.getByLabel('Accent color').fill('#767676');
  await ui.look(admin, 'portal-appearance');
  await admin.getByRole('button', { name: 'Save' }).click();
  await admin.getByLabel('Accent color').waitFor({ state: 'detached' });

  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId: customer.customerId });
  const page = await ui.open(new URL(url).pathname + new URL(url).hash);
  await page.locator('#sidebar').getByText('Acme Pay').waitFor();
  await page.waitForFunction("document.querySelector('#sidebar .brand-logo')?.naturalWidth > 0");
  await page.waitForFunction("document.title === 'Overview · Acme Pay'");
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('link', { name: 'Add endpoint' }).click();
  await page.getByRole('switch', { name: 'All events' }).waitFor();
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByText('Enter the full URL, for example https://example.com/hooks.').waitFor();
  await page.getByLabel('URL').fill(ui.receiver.url('/added'));
  await ui.look(page, 'portal-add-endpoint');
  await page.getByRole('button', { name: 'More settings' }).click();
  expect(await page.getByLabel('Name').inputValue()).toBe(new URL(ui.receiver.url('/')).host);
  await page.goBack();
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByRole('heading', { name: 'Signing secret' }).waitFor();
  const { items } = await ui.service.must('GET', `/v1/subscriptions?customerId=${customer.customerId}`);
  expect(items[0]).toMatchObject({ url: ui.receiver.url('/added'), eventTypes: ['*'] });
});

test('a portal opens in the theme of its link, until the customer chooses another one', async () => {
  const { customerId } = await onboard(ui.service, ui.receiver.url('/themed'));
  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId, theme: 'dark' });
  const page = await ui.open(new URL(url).pathname + new URL(url).hash);
  const theme = () => page.evaluate('document.documentElement.dataset.theme');
  await page.locator('#sidebar').getByText('Customer · webhooks').waitFor();
  expect(await theme()).toBe('dark');
  await page.reload();
  expect(await theme()).toBe('dark');
  await page.getByRole('button', { name: /^Customer\s*customer$/ }).click();
  await page.getByRole('menuitemradio', { name: 'Light' }).click();
  await page.reload();
  await page.locator('#sidebar').getByText('Customer · webhooks').waitFor();
  expect(await theme()).toBe('light');
});

test('an invalid portal link is rejected with an explanation', async () => {
  const page = await ui.open('/portal#token=eyJhbGciOiJIUzI1NiJ9.e30.xxxx');
  await page.getByRole('alert').getByText('This link is incomplete or has expired.').waitFor();
  await ui.look(page, 'portal-expired');
});
