import { useUi } from '../support/browser';
import { until } from '../support/until';

/** Play, the test receiver, in a real browser: from the first steps to a verified delivery. */
const ui = useUi(() => ({ SIGNPOST_PLAY: 'on', SIGNPOST_ALLOW_ADDRESSES: '' }));

it('the first steps lead to a verified delivery in the test receiver, and its answer can be changed', async () => {
  await ui.service.must('POST', '/v1/products', { id: 'shop', name: 'Shop', enabled: true });
  await ui.service.must('PUT', '/v1/event-types/order.created.v1', { productId: 'shop', sample: { amount: '125.50' } });
  await ui.service.must('POST', '/v1/customers', { id: 'acme', name: 'Acme', productId: 'shop' });
  const page = await ui.signedIn('/');
  await page.getByRole('button', { name: 'Use the test receiver' }).click();
  await page.getByRole('heading', { name: 'Test receiver' }).waitFor();
  await page.getByText('Waiting for the first request').waitFor();
  await ui.look(page, 'play-empty');

  await page.getByRole('button', { name: 'Send a sample' }).click();
  const row = page.getByRole('row').filter({ hasText: 'POST' });
  await row.getByText('verified').waitFor();
  await row.getByRole('button', { name: 'POST' }).click();
  const drawer = page.getByRole('dialog', { name: 'Captured request' });
  await drawer.getByText('Signed with the current secret of Test receiver.').waitFor();
  await drawer.getByText('"125.50"').waitFor();
  await ui.look(page, 'play-request');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Change answer' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change answer' });
  await dialog.getByRole('button', { name: 'Overloaded' }).click();
  await ui.look(page, 'play-answer');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('HTTP 503', { exact: true }).first().waitFor();
  const [inbox] = (await ui.service.must('GET', '/v1/play-inboxes')).items;
  expect(inbox.answer).toMatchObject({ status: 503, delaySeconds: 0 });

  // From outside, without a signature.
  expect((await fetch(inbox.url, { method: 'POST', body: '{}' })).status).toBe(503);
  await page.getByRole('row').filter({ hasText: 'not valid' }).getByRole('button').click();
  await page.getByText('Not signed: webhook-id, webhook-timestamp, webhook-signature missing.').waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('link', { name: 'Play' }).first().click();
  await page.getByRole('link', { name: 'Test receiver' }).waitFor();
  await ui.look(page, 'play');
});

it('a customer makes an inbox and an endpoint for it in the portal, and deletes it', async () => {
  await ui.service.must('POST', '/v1/customers', { id: 'portal', name: 'Portal', productId: 'shop' });
  const { url } = await ui.service.must('POST', '/v1/portal-sessions', { customerId: 'portal' });
  const page = await ui.open(url);
  await page.getByRole('link', { name: 'Play' }).click();
  await page.getByText('No inboxes yet').waitFor();
  await page.getByRole('button', { name: 'New inbox' }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByRole('button', { name: 'Send a sample' }).waitFor();
  await ui.look(page, 'play-portal');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No inboxes yet').waitFor();
  await until(
    async () => (await ui.service.must('GET', '/v1/play-inboxes?customerId=portal')).items,
    (items) => items.length === 0,
  );
});

it('an inbox that somebody else deleted says so, and offers a new one', async () => {
  await ui.service.must('POST', '/v1/customers', { id: 'gone', name: 'Gone', productId: 'shop' });
  const { id } = await ui.service.must('POST', '/v1/play-inboxes', { customerId: 'gone', name: 'Shared' });
  const page = await ui.signedIn(`/play/${id}`);
  await page.getByText('Waiting for the first request').waitFor();
  await ui.service.must('DELETE', `/v1/play-inboxes/${id}`);
  await page.getByText('This inbox no longer exists').waitFor();
  expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  await ui.look(page, 'play-gone');
  await page.getByRole('button', { name: 'New inbox' }).click();
  await page.getByRole('dialog', { name: 'New inbox' }).getByRole('combobox', { name: 'Customer' }).fill('gone');
  await page.getByRole('option', { name: /gone/ }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('Waiting for the first request').waitFor();
  await page.goto(`/play/${id}`);
  await page.getByText('Inbox not found').waitFor();
  await page.getByRole('link', { name: 'All inboxes' }).click();
  await page.getByRole('heading', { name: 'Play' }).waitFor();
});
