import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { until } from '../support/until';
import { useUi } from '../support/browser';

/** The story of document 002: a webhook is made in steps, triggered, looked at, given another secret, switched off and on, and removed. */
const ui = useUi();
const TYPE = 'request.changed.v1';

beforeAll(async () => {
  await ui.service.call('POST', '/v1/products', { id: 'market', name: 'Market', enabled: true });
  await ui.service.call('PUT', `/v1/event-types/${TYPE}`, {
    productId: 'market',
    description: 'A request in the queue has changed.',
    sample: { requestId: 'PR-1' },
  });
  await ui.service.call('POST', '/v1/customers', { id: 'vendor', name: 'A vendor', productId: 'market' });
});

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const tab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

/** Goes through the steps up to the review. */
async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByRole('combobox', { name: 'Customer' }).fill('vend');
  await page.getByRole('option', { name: /vendor/ }).click();
  await ui.look(page, 'endpoint-new-general');
  await press(page, 'Next');
  await page.getByLabel(TYPE).check();
  await ui.look(page, 'endpoint-new-types');
  await press(page, 'Next');
  await page.getByLabel('URL').fill(ui.receiver.url(`/${name}`));
  await page.getByLabel('Format').selectOption('trigger');
  await press(page, 'Add header');
  await page.getByLabel('Name of header 1').fill('Host');
  await page.getByLabel('Value of header 1').fill('market');
  await ui.look(page, 'endpoint-new-http');
  await press(page, 'Next');
  await press(page, 'Next');
  await page.getByRole('textbox', { name: 'Custom data' }).fill('{"purpose": "demo"}');
  await press(page, 'Show what would be sent');
  await page.getByLabel(`Data for ${TYPE}`, { exact: true }).getByText('PR-1').waitFor();
  await press(page, 'Next');
}

test('a webhook is made in steps, and a refused field leads back to its step', async () => {
  const page = await ui.signedIn('/endpoints/new');
  await press(page, 'Next');
  await page.getByText('Give it a name.').waitFor();
  await fillIn(page, 'Handler');
  await press(page, 'Create endpoint');
  await page.getByText('is set by Signpost or by HTTP').waitFor();
  await page.getByLabel('Name of header 1').fill('X-Source');
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Review' }).click();
  await ui.look(page, 'endpoint-new-review');
  await press(page, 'Create endpoint');
  await page.getByRole('heading', { name: 'Handler is made' }).waitFor();
  const secret = await page.getByLabel('Secret', { exact: true }).innerText();
  expect(secret).toMatch(/^whsec_/);
  await ui.look(page, 'endpoint-new-created');

  ui.receiver.answerChallenges(secret);
  await press(page, 'Run challenge');
  await page.getByText('the response proves that the receiver knows the secret').waitFor();
  await page.getByRole('link', { name: 'Open the endpoint' }).click();
  await page.getByRole('heading', { name: 'Handler', exact: true }).waitFor();
});

test('triggering delivers the custom data and the sample, and moves the statistics', async () => {
  const { id, secret } = await make('Triggered', { format: 'trigger', customData: { purpose: 'demo' } });
  const page = await ui.signedIn(`/endpoints/${id}?tab=statistics`);
  const figure = (name: string) => page.getByRole('tabpanel').getByText(name, { exact: true }).locator('xpath=..');
  await figure('Triggers').getByText('0', { exact: true }).waitFor();
  await press(page, 'Trigger now');
  await ui.look(page, 'endpoint-trigger');
  await page.getByRole('textbox', { name: 'Data' }).fill('{"requestId": "PR-2"}');
  await press(page, 'Send');
  const dialog = page.getByRole('dialog', { name: 'Trigger now' });
  await dialog.getByText('delivered').waitFor();
  await dialog.getByRole('button', { name: 'Done' }).click();
  for (const name of ['Events', 'Triggers', 'Success responses'])
    await figure(name).getByText('1', { exact: true }).waitFor();

  const request = ui.receiver.requests.find(({ path }) => path === '/Triggered')!;
  expect(JSON.parse(request.body)).toMatchObject({
    object_class: TYPE,
    data: { purpose: 'demo', event: { requestId: 'PR-2' } },
  });
  const [head, claims, signature] = request.headers.authorization!.replace('Bearer ', '').split('.');
  expect(createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url')).toBe(signature);
  await ui.look(page, 'endpoint-statistics');
  await page.getByRole('button', { name: 'Last success: show the attempt' }).click();
  await page.getByRole('dialog', { name: 'Attempt' }).getByText('HTTP 200', { exact: true }).first().waitFor();
});

test('the secret is shown when asked for, and replaced', async () => {
  const { id, secret } = await make('Secretive');
  const page = await ui.signedIn(`/endpoints/${id}?tab=secret`);
  const shown = page.getByLabel('Secret', { exact: true }).locator('css=code');
  await ui.look(page, 'endpoint-secret');
  await press(page, 'Reveal');
  await page.getByText(secret).waitFor();
  await press(page, 'Rotate…');
  await press(page, 'Rotate secret');
  await page.getByText('The one before signs too').waitFor();
  const next = await shown.innerText();
  expect(next).not.toBe(secret);
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}/secret`)).body.secret).toBe(next);
});

test('a disabled webhook holds what comes, and sends it when it is enabled', async () => {
  const { id } = await make('Switched');
  const page = await ui.signedIn(`/endpoints/${id}`);
  await press(page, 'More actions');
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByRole('region', { name: 'Disabled' }).waitFor();
  const event = { type: TYPE, customerId: 'vendor', data: { requestId: 'PR-3' } };
  await ui.service.call('POST', '/v1/events', event);
  await page.getByText('held', { exact: true }).waitFor();
  await ui.look(page, 'endpoint-disabled');
  expect(ui.receiver.requests.some(({ path }) => path === '/Switched')).toBe(false);
  await press(page, 'Enable');
  await page.getByText('delivered', { exact: true }).waitFor();
  expect(ui.receiver.requests.filter(({ path }) => path === '/Switched')).toHaveLength(1);
});

test('settings are changed on one page and on their tabs', async () => {
  const { id } = await make('Changed');
  const page = await ui.signedIn(`/endpoints/${id}/edit`);
  await page.getByLabel('Timeout in seconds').fill('900');
  await press(page, 'Save changes');
  await page.getByText(/600/).nth(1).waitFor();
  await ui.look(page, 'endpoint-edit');
  await page.getByLabel('Timeout in seconds').fill('60');
  await page.getByLabel('Retries').selectOption({ label: 'No retries' });
  await press(page, 'Save changes');
  await tab(page, 'HTTP settings');
  await page.getByText('no retries').waitFor();
  await ui.look(page, 'endpoint-http');
  await tab(page, 'Channels');
  await page.getByLabel('Id', { exact: true }).fill('42');
  await press(page, 'Add channel');
  await press(page, 'Save channels');
  await page.getByText('Changed is changed.').first().waitFor();
  await ui.look(page, 'endpoint-channels');
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}`)).body).toMatchObject({
    timeoutSeconds: 60,
    retrySchedule: [],
    channels: ['client_42'],
  });
  await tab(page, 'Custom data');
  await page.getByLabel('Transform').fill('{"id": requestId}');
  await press(page, 'Show what would be sent');
  await page.getByLabel(`Body for ${TYPE}`, { exact: true }).getByText('PR-1').waitFor();
  await ui.look(page, 'endpoint-data');
});

test('what failed is sent again by a recovery', async () => {
  const { id } = await make('Recovered', { retrySchedule: [] });
  ui.receiver.answerWith((request) => ({ status: request.path === '/Recovered' ? 503 : 200 }));
  await ui.service.call('POST', `/v1/subscriptions/${id}/trigger`, {});
  const page = await ui.signedIn(`/endpoints/${id}?tab=notifications`);
  await page.getByRole('table').getByText('failed', { exact: true }).waitFor();
  await ui.look(page, 'endpoint-notifications');
  ui.receiver.answerWith(200);
  await press(page, 'Recover…');
  await page.getByText('1 failed; retrying them takes').waitFor();
  await press(page, 'Recover');
  await page.getByText('1 of 1 retried').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('table').getByText('delivered', { exact: true }).waitFor();
});

test('the list is searched, filtered and sorted, and its rows have a menu', async () => {
  const { id } = await make('Zebra crossing');
  await make('Aardvark alley', { enabled: false });
  const page = await ui.signedIn('/endpoints');
  await page.getByRole('link', { name: 'Zebra crossing' }).waitFor();
  await ui.look(page, 'endpoints');
  await page.getByRole('searchbox', { name: 'Search endpoints' }).fill('zebra');
  await page.getByText('1 in all').waitFor();
  expect(page.url()).toContain('q=zebra');
  await press(page, 'Actions for Zebra crossing');
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByText('Notifications that are still to be delivered are cancelled').waitFor();
  await press(page, 'Delete endpoint');
  await page.getByText('Zebra crossing is deleted.').first().waitFor();
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}`)).status).toBe(404);
  await page.goto('/endpoints?status=disabled');
  await page.getByRole('link', { name: 'Aardvark alley' }).waitFor();
  await page.getByText('1 in all').waitFor();
});

test('what awaits approval is approved on the spot, and what is out of order says why', async () => {
  const waiting = await make('Waiting', { url: 'https://hooks.example.com/in' });
  const page = await ui.signedIn(`/endpoints/${waiting.id}`);
  await ui.look(page, 'endpoint-awaiting');
  await press(page, 'Approve https://hooks.example.com');
  await page.getByRole('region', { name: 'Awaiting approval' }).waitFor({ state: 'detached' });

  const gone = await make('Gone', { url: ui.receiver.url('/gone') });
  ui.receiver.answerWith((request) => ({ status: request.path === '/gone' ? 410 : 200 }));
  await ui.service.call('POST', `/v1/subscriptions/${gone.id}/trigger`, {});
  await until(
    async () => (await ui.service.call('GET', `/v1/subscriptions/${gone.id}`)).body.status as string,
    (status) => status === 'out-of-order',
  );
  await page.goto(`/endpoints/${gone.id}`);
  const notice = page.getByRole('region', { name: 'Out of order' });
  await notice.getByText('410').waitFor();
  await ui.look(page, 'endpoint-out-of-order');
  ui.receiver.answerWith(200);
  await press(page, 'Enable and release what is held');
  await notice.waitFor({ state: 'detached' });
});

test('a viewer sees endpoints, and no button that would change them', async () => {
  const { id } = await make('Watched');
  const { body } = await ui.service.call('POST', '/v1/api-keys', { name: 'eyes', role: 'viewer' });
  const page = await ui.signedIn(`/endpoints/${id}`, body.key);
  await page.getByRole('heading', { name: 'Watched', exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Trigger now' }).count()).toBe(0);
  expect(await page.getByRole('tab', { name: 'Secret' }).count()).toBe(0);
});

test('a customer makes one of their own, and sees no others', async () => {
  await ui.service.call('POST', '/v1/customers', { id: 'reseller', name: 'A reseller', productId: 'market' });
  await make('Not theirs');
  const key = await ui.service.call('POST', '/v1/api-keys', { name: 'own', role: 'customer', customerId: 'reseller' });
  const page = await ui.signedIn('/endpoints', key.body.key);
  await page.getByText('There are no endpoints yet').waitFor();
  await ui.look(page, 'endpoints-none');
  await page.getByRole('link', { name: 'New endpoint' }).first().click();
  await page.getByLabel('Name').fill('Theirs');
  await press(page, 'Next');
  await page.getByLabel(TYPE).check();
  await press(page, 'Next');
  await page.getByLabel('URL').fill(ui.receiver.url('/theirs'));
  for (let step = 0; step < 3; step++) await press(page, 'Next');
  await press(page, 'Create endpoint');
  await page.getByRole('heading', { name: 'Theirs is made' }).waitFor();
});

async function make(name: string, settings: Record<string, unknown> = {}): Promise<{ id: string; secret: string }> {
  const { status, body } = await ui.service.call('POST', '/v1/subscriptions', {
    customerId: 'vendor',
    name,
    url: ui.receiver.url(`/${name}`),
    eventTypes: [TYPE],
    ...settings,
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}
