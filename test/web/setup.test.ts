import { readFile } from 'node:fs/promises';
import { useUi } from '../support/browser';

/**
 * Onboarding, and the setup screens: catalog, credentials, allow-list, customers, products, audit
 * log.
 */
const ui = useUi();

test('onboarding leads from a new product to a delivered test notification', async () => {
  const page = await ui.signedIn('/onboarding');
  await page.getByRole('button', { name: 'New product' }).click();
  await page.getByLabel('Name').fill('Invoices');
  await page.getByLabel('Id').fill('invoices');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('button', { name: 'Enable product' }).click();

  await page.getByRole('button', { name: 'New event type' }).click();
  await page.getByLabel('Name').fill('invoice.paid.v1');
  await page.getByLabel('Description').fill('An invoice was paid.');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('link', { name: 'invoice.paid.v1' }).waitFor();

  await page.getByRole('button', { name: 'New customer' }).click();
  await page.getByLabel('Name').fill('Acme Trading');
  await page.getByLabel('Id').fill('acme');
  await page.getByLabel('Retries').fill('5 s, 1 min');
  await page.getByRole('button', { name: 'Create' }).click();

  const endpoint = page.getByRole('form', { name: 'New endpoint' });
  await endpoint.getByLabel('URL').fill(ui.receiver.url('/onboarded'));
  await endpoint.getByRole('button', { name: 'Create endpoint' }).click();
  await page.getByText('The URL is on the allow-list.').waitFor();

  const { items } = (await ui.service.call('GET', '/v1/subscriptions?customerId=acme')).body;
  const { secret } = (await ui.service.call('GET', `/v1/subscriptions/${items[0].id}/secret`)).body;
  ui.receiver.answerChallenges(secret);
  await page.getByRole('button', { name: 'Run challenge' }).click();
  await page.getByRole('status').getByText('verified').waitFor();
  await page.getByRole('button', { name: 'Send a test notification' }).click();
  await page.getByRole('status').getByText('delivered').waitFor();
  expect(ui.receiver.requests.at(-1)).toMatchObject({ path: '/onboarded', method: 'POST' });

  await page.getByRole('button', { name: 'Create secret link' }).click();
  const sheet = page.getByRole('article', { name: 'Hand-over sheet' });
  await sheet.getByText(/\/secret#/).waitFor();
  await sheet.locator('summary').filter({ hasText: 'invoice.paid.v1' }).click();
  await sheet.getByText('paymentId').first().waitFor();
  await sheet.getByText('after 5 s, 1 min').waitFor();
  await ui.look(page, 'onboarding');
  await page.reload();
  await page.getByText('The URL is on the allow-list.').waitFor();
});

test('the catalog creates an event type, shows its fields and versions, and archives it', async () => {
  const page = await ui.signedIn('/catalog');
  await page.getByRole('button', { name: 'New event type' }).click();
  await page.getByLabel('Name').fill('invoice.paid.v2');
  await page.getByLabel('JSON Schema').fill('{ "type": "objec');
  await page.getByText(/Invalid JSON/).waitFor();
  await page
    .getByLabel('JSON Schema')
    .fill(
      '{"type":"object","required":["lines"],"properties":{"lines":{"type":"array","items":{"type":"object","properties":{"amount":{"type":"number","description":"In cents."}}}}}}',
    );
  await page.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL('**/catalog/invoice.paid.v2');
  const row = page.getByRole('row').filter({ hasText: 'lines[].amount' });
  expect(await row.textContent()).toContain('Number');
  await page.getByText('latest').waitFor();
  await ui.look(page, 'event-type');
  await page.getByRole('button', { name: 'Archive' }).click();
  await page.getByRole('alertdialog').getByText('No endpoint is subscribed to it.').waitFor();
  await page.getByRole('button', { name: 'Archive event type' }).click();
  await page.getByText('archived', { exact: true }).first().waitFor();
  await page.goto('/catalog');
  await page.getByRole('link', { name: 'invoice.paid.v1' }).waitFor();
  expect(await page.getByRole('link', { name: 'invoice.paid.v2' }).count()).toBe(0);
  await ui.look(page, 'catalog');
});

test('each error of a schema is shown once, at its field and with its place', async () => {
  const page = await ui.signedIn('/catalog');
  await page.getByRole('button', { name: 'New event type' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('invoice.lost.v1');
  const schema = dialog.getByLabel('JSON Schema');
  const summary = dialog.getByRole('alert');
  const described = async (label: string) => {
    const id = await dialog.getByLabel(label).getAttribute('aria-describedby');
    return dialog.locator(`[id="${id!.split(' ').at(-1)}"]`).innerText();
  };
  await schema.fill('{"properties":{"amount":{"type":"nuber"}}}');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await summary.waitFor();
  expect(await described('JSON Schema')).toBe(
    '/properties/amount/type must be one of array, boolean, integer, null, number, object, string',
  );
  expect(await summary.innerText()).toBe('The schema is not a valid JSON Schema.');

  await schema.fill('{"required":["ref","amount"],"properties":{"amount":{"type":"number"}}}');
  await dialog.getByLabel('Sample').fill('{"amount":"much"}');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await summary.getByText('The sample does not match the schema.').waitFor();
  expect(await described('Sample')).toMatch(/^\/ref must have required property 'ref'\s+\/amount must be number$/);
  expect(await dialog.getByText('must be number').count()).toBe(1);
  await ui.look(page, 'event-type-refused');
});

test('the catalog imports its own export after a preview of the changes', async () => {
  const page = await ui.signedIn('/catalog');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const file = await (await download).path();
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('File').setInputFiles(file);
  await page.getByText('unchanged').first().waitFor();
  expect(await page.getByRole('button', { name: 'Nothing to import' }).isDisabled()).toBe(true);
  const catalog = {
    product: { id: 'invoices' },
    eventTypes: [{ name: 'invoice.sent.v1', description: 'An invoice was sent.' }],
  };
  await page
    .getByLabel('File')
    .setInputFiles({ name: 'c.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(catalog)) });
  await page.getByRole('button', { name: 'Import 1' }).click();
  await page.getByRole('link', { name: 'invoice.sent.v1' }).waitFor();
});

test('an import of the export restores required capabilities and search keys', async () => {
  const put = (fields: object) =>
    ui.service.call('PUT', '/v1/event-types/invoice.due.v1', { productId: 'invoices', ...fields });
  await put({ requires: ['vendor'], searchKeys: ['$.due'] });
  const page = await ui.signedIn('/catalog');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const file = await (await download).path();
  await put({ requires: [], searchKeys: [] });
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('File').setInputFiles(file);
  await page.getByRole('button', { name: 'Import 1' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const { body } = await ui.service.call('GET', '/v1/event-types/invoice.due.v1');
  expect(body).toMatchObject({ requires: ['vendor'], searchKeys: ['$.due'] });
});

test('a new API key is shown once, works, and can be revoked', async () => {
  const page = await ui.signedIn('/credentials');
  await page.getByRole('button', { name: 'New API key' }).click();
  await page.getByLabel('Name').fill('Invoices backend');
  await page.getByText("Posts events, and manages the product's event types, customers and endpoints.").waitFor();
  await ui.look(page, 'credential-new');
  await page.getByRole('button', { name: 'Create' }).click();
  const key = (await page.getByLabel('API key', { exact: true }).textContent())!.trim();
  const status = async () => (await ui.service.call('GET', '/v1/event-types', undefined, key)).status;
  expect(await status()).toBe(200);
  await page.getByRole('button', { name: 'Done' }).click();
  expect(await page.content()).not.toContain(key);
  await ui.look(page, 'credentials');
  await page.getByRole('button', { name: 'Revoke Invoices backend' }).click();
  await page.getByRole('button', { name: 'Revoke API key' }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  expect(await status()).toBe(401);
});

test('approving a requested URL enables the endpoint that waited for it', async () => {
  const { key } = (
    await ui.service.call('POST', '/v1/api-keys', { name: 'payments', role: 'product', productId: 'invoices' })
  ).body;
  const settings = {
    customerId: 'acme',
    name: 'outside',
    url: 'https://hooks.acme.example/in',
    eventTypes: ['invoice.paid.v1'],
  };
  await ui.service.call('POST', '/v1/subscriptions', settings, key);
  await ui.service.call('POST', '/v1/url-allowlist', { pattern: 'https://hooks.acme.example' }, key);
  const page = await ui.signedIn('/allow-list');
  await page.getByText('Requests to review').waitFor();
  await ui.look(page, 'allow-list');
  // The request is for every customer of the product, so it is confirmed.
  await page.getByRole('button', { name: 'Approve…' }).click();
  await page.getByRole('alertdialog').getByText('It allows the URL for every customer of invoices.').waitFor();
  await page.getByRole('button', { name: 'Approve pattern' }).click();
  await page.getByText('Requests to review').waitFor({ state: 'detached' });
  const { items } = (await ui.service.call('GET', '/v1/subscriptions?q=outside')).body;
  expect(items[0].status).toBe('enabled');
});

test('the customer page edits the retry schedule and creates and ends a portal link', async () => {
  const page = await ui.signedIn('/customers');
  await page.getByRole('link', { name: 'Acme Trading' }).waitFor();
  await ui.look(page, 'customers');
  await page.getByRole('link', { name: 'Acme Trading' }).click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Retries').fill('20 h, 5 h');
  await page.getByText('The delays must add up to at most 24 hours.').waitFor();
  await page.getByLabel('Retries').fill('1 min, 1 h');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('after 1 min, 1 h').waitFor();
  await page.getByRole('button', { name: 'Create portal link…' }).click();
  await page.getByRole('button', { name: 'Create link' }).click();
  const url = (await page.getByLabel('Link', { exact: true }).textContent())!.trim();
  await page.getByRole('button', { name: 'Done' }).click();
  await ui.look(page, 'customer');
  const portal = await ui.open(new URL(url).pathname + new URL(url).hash);
  await portal.locator('#sidebar').getByText('Acme Trading · webhooks').waitFor();

  await page.getByRole('button', { name: /^End prt_/ }).click();
  // Returning to the page refetches its lists. The open confirmation must survive that.
  await page.clock.install({ time: Date.now() + 60_000 });
  const refetched = page.waitForResponse((response) => response.url().includes('/v1/portal-sessions'));
  await page.evaluate(`window.dispatchEvent(new Event('visibilitychange'))`);
  await (await refetched).finished();
  await page.getByRole('button', { name: 'End session' }).click();
  await page.getByText('No active portal links').waitFor();
  await portal.reload();
  await portal.getByRole('alert').getByText('Your session has ended.').waitFor();
});

test('disabling a product needs confirmation, and the audit log records who did it', async () => {
  const page = await ui.signedIn('/products');
  await page.getByRole('button', { name: 'Actions for Invoices' }).click();
  await page.getByRole('menuitem', { name: 'Disable…' }).click();
  await page.getByRole('alertdialog').getByText('New events will be rejected.').waitFor();
  await page.getByRole('button', { name: 'Disable product' }).click();
  await page.getByText('disabled', { exact: true }).waitFor();
  await ui.look(page, 'products');
  await page.goto('/audit');
  await page.getByRole('button', { name: 'Updated a product' }).first().click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('admin key of the configuration').waitFor();
  await drawer.getByText('127.0.0.1').waitFor();
  await drawer.getByRole('row', { name: 'enabled true false' }).waitFor();
  await ui.look(page, 'audit-entry');
  await page.keyboard.press('Escape');
  await page.getByLabel('Action', { exact: true }).selectOption({ label: 'Revealed a secret' });
  await page.getByRole('button', { name: 'Revealed a secret' }).waitFor();
  await ui.look(page, 'audit');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByRole('button', { name: 'Export' })
      .click()
      .then(() => page.getByRole('menuitem', { name: 'JSON' }).click()),
  ]);
  expect(download.suggestedFilename()).toBe('audit.json');
  const entries = JSON.parse(await readFile(await download.path(), 'utf8')) as { action: string }[];
  expect(new Set(entries.map(({ action }) => action))).toEqual(new Set(['secret.reveal']));
  await page.getByLabel('Object ID').fill('nothing');
  await page.getByText('No entries match these filters').waitFor();
});
