import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { until } from '../support/until';
import { useUi } from '../support/browser';
import { createAuthority } from '../support/certificates';

/** The endpoint screens: create, trigger, rotate the secret, disable, edit, recover, delete. */
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

const clickButton = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const openTab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

/** Goes on in the wizard, to the step with a title. */
async function next(page: Page, title: string): Promise<void> {
  await clickButton(page, 'Next');
  await page.getByRole('region', { name: title, exact: true }).waitFor();
}

/** Fills in the wizard up to the review step. */
async function fillWizard(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByRole('combobox', { name: 'Customer' }).fill('vend');
  await page.getByRole('option', { name: /vendor/ }).click();
  await ui.look(page, 'endpoint-new-general');
  await clickButton(page, 'Next');
  await page.getByLabel(TYPE).check();
  await ui.look(page, 'endpoint-new-types');
  await clickButton(page, 'Next');
  await page.getByLabel('URL').fill(ui.receiver.url(`/${name}`));
  await page.getByLabel('Format').selectOption('trigger');
  await clickButton(page, 'Add header');
  await page.getByLabel('Name of header 1').fill('Host');
  await page.getByLabel('Value of header 1').fill('market');
  await ui.look(page, 'endpoint-new-http');
  await next(page, 'Channels');
  await next(page, 'Custom data');
  await page.getByRole('textbox', { name: 'Custom data' }).fill('{"purpose": "demo"}');
  await clickButton(page, 'Preview payload');
  await page.getByLabel(`Data for ${TYPE}`, { exact: true }).getByText('PR-1').waitFor();
  await next(page, 'Review');
}

test('the endpoint wizard creates an endpoint and returns to the step of a rejected field', async () => {
  const page = await ui.signedIn('/endpoints/new');
  await clickButton(page, 'Next');
  await page.getByText('Enter a name.').waitFor();
  await fillWizard(page, 'Handler');
  await clickButton(page, 'Create endpoint');
  await page.getByText('is set by Signpost or by HTTP').waitFor();
  await page.getByLabel('Name of header 1').fill('X-Source');
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: 'Review' }).click();
  await ui.look(page, 'endpoint-new-review');
  await clickButton(page, 'Create endpoint');
  await page.getByRole('heading', { name: 'Handler created' }).waitFor();
  const secret = await page.getByLabel('Secret', { exact: true }).innerText();
  expect(secret).toMatch(/^whsec_/);
  await ui.look(page, 'endpoint-new-created');

  ui.receiver.answerChallenges(secret);
  await clickButton(page, 'Run challenge');
  await page.getByText('the response proves that the receiver knows the secret').waitFor();
  await page.getByRole('link', { name: 'View endpoint' }).click();
  await page.getByRole('heading', { name: 'Handler', exact: true }).waitFor();
});

test('Trigger now delivers the custom data with the typed payload and updates the statistics', async () => {
  const { id, secret } = await createEndpoint('Triggered', { format: 'trigger', customData: { purpose: 'demo' } });
  const page = await ui.signedIn(`/endpoints/${id}?tab=statistics`);
  const figure = (name: string) => page.getByRole('tabpanel').getByText(name, { exact: true }).locator('xpath=..');
  await figure('Attempts').getByText('0', { exact: true }).waitFor();
  await clickButton(page, 'Trigger now');
  await ui.look(page, 'endpoint-trigger');
  await page.getByRole('textbox', { name: 'Data' }).fill('{"requestId": "PR-2"}');
  await clickButton(page, 'Send');
  const dialog = page.getByRole('dialog', { name: 'Trigger now' });
  await dialog.getByText('delivered').waitFor();
  await dialog.getByRole('button', { name: 'Done' }).click();
  for (const name of ['Events', 'Attempts', 'Success responses'])
    await figure(name).getByText('1', { exact: true }).waitFor();

  const request = ui.receiver.requests.find(({ path }) => path === '/Triggered')!;
  expect(JSON.parse(request.body)).toMatchObject({
    object_class: TYPE,
    data: { purpose: 'demo', event: { requestId: 'PR-2' } },
  });
  const [head, claims, signature] = request.headers.authorization!.replace('Bearer ', '').split('.');
  expect(createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url')).toBe(signature);
  await ui.look(page, 'endpoint-statistics');
  await page.getByRole('button', { name: 'Last success: show attempt' }).click();
  await page.getByRole('dialog', { name: 'Attempt' }).getByText('HTTP 200', { exact: true }).first().waitFor();
});

test('the Secret tab reveals and rotates the secret', async () => {
  const { id, secret } = await createEndpoint('Rotated');
  const page = await ui.signedIn(`/endpoints/${id}?tab=secret`);
  const secretText = page.getByLabel('Secret', { exact: true }).locator('css=code');
  await ui.look(page, 'endpoint-secret');
  await clickButton(page, 'Reveal');
  await page.getByText(secret).waitFor();
  await clickButton(page, 'Rotate…');
  await clickButton(page, 'Rotate secret');
  await page.getByText('The previous secret also signs until').waitFor();
  const rotated = await secretText.innerText();
  expect(rotated).not.toBe(secret);
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}/secret`)).body.secret).toBe(rotated);
});

test('disabling an endpoint holds new notifications and enabling it sends them', async () => {
  const { id } = await createEndpoint('Switched');
  const page = await ui.signedIn(`/endpoints/${id}`);
  await clickButton(page, 'More actions');
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByRole('region', { name: 'Disabled' }).waitFor();
  const event = { type: TYPE, customerId: 'vendor', data: { requestId: 'PR-3' } };
  await ui.service.call('POST', '/v1/events', event);
  await page.getByText('held', { exact: true }).waitFor();
  await ui.look(page, 'endpoint-disabled');
  expect(ui.receiver.requests.some(({ path }) => path === '/Switched')).toBe(false);
  await clickButton(page, 'Enable');
  await page.getByText('delivered', { exact: true }).waitFor();
  expect(ui.receiver.requests.filter(({ path }) => path === '/Switched')).toHaveLength(1);
});

test('endpoint settings can be edited on the edit page and on their tabs', async () => {
  const { id } = await createEndpoint('Changed');
  const page = await ui.signedIn(`/endpoints/${id}/edit`);
  await page.getByLabel('Timeout (seconds)').fill('900');
  await clickButton(page, 'Save changes');
  await page.getByText(/600/).nth(1).waitFor();
  await ui.look(page, 'endpoint-edit');
  await page.getByLabel('Timeout (seconds)').fill('60');
  await page.getByLabel('Retries').selectOption({ label: 'No retries' });
  await clickButton(page, 'Save changes');
  await openTab(page, 'HTTP settings');
  await page.getByText('no retries').waitFor();
  await ui.look(page, 'endpoint-http');
  await openTab(page, 'Channels');
  await page.getByLabel('ID', { exact: true }).fill('42');
  await clickButton(page, 'Add channel');
  await clickButton(page, 'Save channels');
  await page.getByText('Changed updated. Changes apply from the next attempt.').first().waitFor();
  await ui.look(page, 'endpoint-channels');
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}`)).body).toMatchObject({
    timeoutSeconds: 60,
    retrySchedule: [],
    channels: ['client_42'],
  });
  await openTab(page, 'Custom data');
  await page.getByLabel('Transform').fill('{"id": requestId}');
  await clickButton(page, 'Preview payload');
  await page.getByLabel(`Body for ${TYPE}`, { exact: true }).getByText('PR-1').waitFor();
  await ui.look(page, 'endpoint-data');
});

test('Recover resends the failed notifications of an endpoint', async () => {
  const { id } = await createEndpoint('Recovered', { retrySchedule: [] });
  ui.receiver.answerWith((request) => ({ status: request.path === '/Recovered' ? 503 : 200 }));
  await ui.service.call('POST', `/v1/subscriptions/${id}/trigger`, {});
  const page = await ui.signedIn(`/endpoints/${id}?tab=notifications`);
  await page.getByRole('table').getByText('failed', { exact: true }).waitFor();
  await ui.look(page, 'endpoint-notifications');
  ui.receiver.answerWith(200);
  await clickButton(page, 'Recover…');
  await page.getByText('1 failed. Retrying them takes').waitFor();
  await clickButton(page, 'Recover');
  await page.getByText('1 of 1 retried').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('table').getByText('delivered', { exact: true }).waitFor();
});

test('the endpoint list can be searched and filtered, and its row menu deletes an endpoint', async () => {
  const { id } = await createEndpoint('Zebra crossing');
  await createEndpoint('Aardvark alley', { enabled: false });
  const page = await ui.signedIn('/endpoints');
  await page.getByRole('link', { name: 'Zebra crossing' }).waitFor();
  await ui.look(page, 'endpoints');
  await page.getByRole('searchbox', { name: 'Search endpoints' }).fill('zebra');
  await page.getByText('1 total').waitFor();
  expect(page.url()).toContain('q=zebra');
  await clickButton(page, 'Actions for Zebra crossing');
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByText('Undelivered notifications are cancelled').waitFor();
  await clickButton(page, 'Delete endpoint');
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}`)).status).toBe(404);
  await page.goto('/endpoints?status=disabled');
  await page.getByRole('link', { name: 'Aardvark alley' }).waitFor();
  await page.getByText('1 total').waitFor();
});

test('a dialog of the endpoint list stays open when its endpoint leaves the list', async () => {
  const { id } = await createEndpoint('Leaves');
  const page = await ui.signedIn('/endpoints?status=enabled&q=Leaves');
  await clickButton(page, 'Actions for Leaves');
  await page.getByRole('menuitem', { name: 'Trigger now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Trigger now' });
  await dialog.waitFor();
  await ui.service.call('POST', `/v1/subscriptions/${id}/disable`);
  await page.getByText('No endpoints match these filters').waitFor();
  expect(await dialog.isVisible()).toBe(true);
});

test('a tab shows what was saved before the endpoint is read again', async () => {
  const { id } = await createEndpoint('Saved', { format: 'trigger', customData: { purpose: 'before' } });
  const page = await ui.signedIn(`/endpoints/${id}?tab=data`);
  const data = page.getByRole('textbox', { name: 'Custom data' });
  await data.fill('{"purpose": "after"}');
  await page.route(`**/v1/subscriptions/${id}`, (route) =>
    route.request().method() === 'GET' ? undefined : route.continue(),
  );
  await clickButton(page, 'Save');
  await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  expect(await data.inputValue()).toContain('after');
});

test('an endpoint page approves a pending URL and explains an automatic disable', async () => {
  const pending = await createEndpoint('Pending', { url: 'https://hooks.example.com/in' });
  const page = await ui.signedIn(`/endpoints/${pending.id}`);
  await ui.look(page, 'endpoint-awaiting');
  await clickButton(page, 'Approve https://hooks.example.com');
  await page.getByRole('region', { name: 'Awaiting approval' }).waitFor({ state: 'detached' });

  const gone = await createEndpoint('Gone', { url: ui.receiver.url('/gone') });
  ui.receiver.answerWith((request) => ({ status: request.path === '/gone' ? 410 : 200 }));
  await ui.service.call('POST', `/v1/subscriptions/${gone.id}/trigger`, {});
  await until(
    async () => (await ui.service.call('GET', `/v1/subscriptions/${gone.id}`)).body.status as string,
    (status) => status === 'out-of-order',
  );
  await page.goto(`/endpoints/${gone.id}`);
  const notice = page.getByRole('region', { name: 'Disabled automatically' });
  await notice.getByText('410').waitFor();
  await ui.look(page, 'endpoint-out-of-order');
  ui.receiver.answerWith(200);
  await clickButton(page, 'Enable and send held notifications');
  await notice.waitFor({ state: 'detached' });
  await ui.service.call('PATCH', `/v1/subscriptions/${gone.id}`, { url: ui.receiver.url('/moved') });
  await ui.service.call('POST', `/v1/subscriptions/${gone.id}/recover`, { since: '2020-01-01T00:00:00Z' });
  await openTab(page, 'History');
  const history = page.getByRole('list', { name: 'History' });
  await history.getByText('Started a recovery').waitFor();
  await history.getByText(/^url: .*\/gone → .*\/moved$/).waitFor();
  const steps = await history.getByRole('listitem').allInnerTexts();
  expect(steps.map((step) => step.split('\n')[0])).toEqual([
    'Started a recovery',
    'Updated an endpoint',
    'Enabled an endpoint',
    'Disabled an endpoint automatically',
    'Created an endpoint',
  ]);
  expect(steps[2]).toContain('by admin key of the configuration');
  expect(steps[3]).toContain('410');
  await ui.look(page, 'endpoint-history');
});

test('an endpoint page shows how many notifications are held, and when the last will be released', async () => {
  const { id } = await createEndpoint('Backlog');
  const page = await ui.signedIn('/endpoints');
  let held = 1300;
  await page.route(`**/v1/subscriptions/${id}/statistics`, async (route) => {
    const response = await route.fetch();
    held -= 100;
    await route.fulfill({ response, json: { ...(await response.json()), held } });
  });
  await page.goto(`/endpoints/${id}`);
  const tile = page.getByRole('link', { name: /^Held/ });
  await tile.getByText('until the endpoint is ready').waitFor();
  await tile.getByText(/^caught up at about \d\d:\d\d UTC$/).waitFor();
  await ui.look(page, 'endpoint-backlog');
});

test('a viewer sees an endpoint without the buttons that would change it', async () => {
  const { id } = await createEndpoint('Watched');
  const { body } = await ui.service.call('POST', '/v1/api-keys', { name: 'viewer', role: 'viewer' });
  const page = await ui.signedIn(`/endpoints/${id}`, body.key);
  await page.getByRole('heading', { name: 'Watched', exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Trigger now' }).count()).toBe(0);
  expect(await page.getByRole('tab', { name: 'Secret' }).count()).toBe(0);
});

test('a customer creates an endpoint and sees no endpoint of another customer', async () => {
  await ui.service.call('POST', '/v1/customers', { id: 'reseller', name: 'A reseller', productId: 'market' });
  await createEndpoint('Not theirs');
  const key = await ui.service.call('POST', '/v1/api-keys', {
    name: 'reseller',
    role: 'customer',
    customerId: 'reseller',
  });
  const page = await ui.signedIn('/endpoints', key.body.key);
  await page.getByText('No endpoints yet').waitFor();
  await ui.look(page, 'endpoints-none');
  await page.getByRole('link', { name: 'Add endpoint' }).first().click();
  await page.getByLabel('URL').fill(ui.receiver.url('/theirs'));
  await clickButton(page, 'More settings');
  await page.getByLabel('Name').fill('Theirs');
  await clickButton(page, 'Next');
  await page.getByLabel(TYPE).check();
  for (const title of ['HTTP settings', 'Channels', 'Custom data', 'Review']) await next(page, title);
  await clickButton(page, 'Create endpoint');
  await page.getByRole('heading', { name: 'Theirs created' }).waitFor();
});

test.each([
  [
    'Basic',
    { 'User name': 'ada', Password: 'correct horse' },
    { type: 'basic', username: 'ada', password: '***' },
    `Basic ${Buffer.from('ada:correct horse').toString('base64')}`,
  ],
  ['Bearer token', { Token: 'canary-token' }, { type: 'bearer', token: '***' }, 'Bearer canary-token'],
])(
  'an endpoint with %s is created in the wizard, and keeps its secret when edited',
  async (kind, fields, shown, sent) => {
    const name = `With ${kind}`;
    const path = `/${encodeURIComponent(name)}`;
    const page = await ui.signedIn('/endpoints/new');
    await page.getByLabel('Name').fill(name);
    await page.getByRole('combobox', { name: 'Customer' }).fill('vend');
    await page.getByRole('option', { name: /vendor/ }).click();
    await clickButton(page, 'Next');
    await page.getByLabel(TYPE).check();
    await clickButton(page, 'Next');
    await page.getByLabel('URL', { exact: true }).fill(ui.receiver.url(path));
    await page.getByLabel('Kind of authentication').selectOption(kind);
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    await ui.look(page, `endpoint-new-${shown.type}`);
    for (const title of ['Channels', 'Custom data', 'Review']) await next(page, title);
    await page.getByText(kind, { exact: true }).waitFor();
    await clickButton(page, 'Create endpoint');
    await page.getByRole('heading', { name: `${name} created` }).waitFor();

    const { items } = (await ui.service.call('GET', '/v1/subscriptions?q=With&customerId=vendor')).body;
    const created = items.find((one: { name: string }) => one.name === name);
    expect(created.auth).toEqual(shown);

    const writes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PATCH') writes.push(request.postData() ?? '');
    });
    const edit = async (change: () => Promise<void>) => {
      await page.goto(`/endpoints/${created.id}/edit`);
      await page.getByLabel('Timeout (seconds)').waitFor();
      expect(await page.getByLabel('Kind of authentication').inputValue()).toBe(shown.type);
      await change();
      await clickButton(page, 'Save changes');
      await page.getByRole('heading', { name, exact: true }).waitFor();
    };
    await edit(async () => undefined);
    expect(writes).toEqual([]);
    await edit(() => page.getByLabel('Timeout (seconds)').fill('20'));
    expect(writes.map((body) => JSON.parse(body))).toEqual([{ timeoutSeconds: 20 }]);
    const untouched = (await ui.service.call('GET', `/v1/subscriptions/${created.id}`)).body;
    expect(untouched).toMatchObject({ auth: shown, timeoutSeconds: 20 });
    await ui.service.call('POST', `/v1/subscriptions/${created.id}/trigger`, {});
    const { headers } = await until(
      async () => ui.receiver.requests.find((request) => request.path === path)!,
      (request) => request !== undefined,
    );
    expect(headers.authorization).toBe(sent);
    expect(await page.content()).not.toContain(Object.values(fields).at(-1));
  },
);

test('the user name of an endpoint changes without its password, and authentication can be removed', async () => {
  const { id } = await createEndpoint('Renamed', { auth: { type: 'basic', username: 'ada', password: 'kept' } });
  const page = await ui.signedIn(`/endpoints/${id}/edit`);
  await page.getByLabel('User name').fill('grace');
  await clickButton(page, 'Save changes');
  await page.getByRole('heading', { name: 'Renamed', exact: true }).waitFor();
  await ui.service.call('POST', `/v1/subscriptions/${id}/trigger`, {});
  const { headers } = await until(
    async () => ui.receiver.requests.find((request) => request.path === '/Renamed')!,
    (request) => request !== undefined,
  );
  expect(headers.authorization).toBe(`Basic ${Buffer.from('grace:kept').toString('base64')}`);
  await page.goto(`/endpoints/${id}/edit`);
  await page.getByLabel('Kind of authentication').selectOption('Bearer token');
  await clickButton(page, 'Save changes');
  await page.getByText('expected printable ASCII characters without spaces').first().waitFor();
  await page.getByLabel('Kind of authentication').selectOption('None');
  await clickButton(page, 'Save changes');
  await page.getByRole('heading', { name: 'Renamed', exact: true }).waitFor();
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}`)).body.auth).toEqual({ type: 'none' });
});

test('the TLS credentials of an endpoint are edited, and its key is kept unless it is replaced', async () => {
  const authority = createAuthority('ours');
  const { certificate, key } = authority.issue('signpost');
  authority.remove();
  const { id } = await createEndpoint('Mutual', {
    url: 'https://127.0.0.1:1/',
    tls: { clientCertificate: certificate, clientKey: key },
  });
  const page = await ui.signedIn(`/endpoints/${id}/edit`);
  expect(await page.getByLabel('Client key').inputValue()).toBe('');
  await page.getByLabel('Certificate authorities').fill(authority.certificate);
  await ui.look(page, 'endpoint-edit-tls');
  await clickButton(page, 'Save changes');
  await page.getByRole('heading', { name: 'Mutual', exact: true }).waitFor();
  const { tls } = (await ui.service.call('GET', `/v1/subscriptions/${id}`)).body;
  expect(tls).toEqual({ clientCertificate: certificate, clientKey: '***', caCertificate: authority.certificate });
  await page.goto(`/endpoints/${id}/edit`);
  for (const label of ['Client certificate', 'Certificate authorities']) await page.getByLabel(label).fill('');
  await clickButton(page, 'Save changes');
  await page.getByRole('heading', { name: 'Mutual', exact: true }).waitFor();
  expect((await ui.service.call('GET', `/v1/subscriptions/${id}`)).body.tls).toBeNull();
});

async function createEndpoint(
  name: string,
  settings: Record<string, unknown> = {},
): Promise<{ id: string; secret: string }> {
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
