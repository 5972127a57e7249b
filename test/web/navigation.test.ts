import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { PARCEL_SENT as TYPE, useParcels } from '../support/parcels';
import { until } from '../support/until';

/** Moving through the screens: history, focus, keys, filters, and work that is not saved yet. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);
const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const hasTitle = (page: Page, title: string) => page.waitForFunction(`document.title === ${JSON.stringify(title)}`);
/** The focus returns a moment after a panel has disappeared. */
const focusIsIn = (page: Page, row: string) => page.locator(`tr[data-row="${row}"] :focus`).waitFor();

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
  await page.getByRole('checkbox', { name: 'delivered', checked: false }).waitFor();
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
  const { notification: newer } = await post('Focus');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  const row = page.locator(`tr[data-row="${notification}"]`);
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog', { name: `Notification: ${TYPE}` });
  await drawer.waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await focusIsIn(page, notification);
  // By mouse, and after a step to the row above.
  await row.locator('td').last().click();
  await drawer.waitFor();
  await page.getByRole('button', { name: 'Previous', disabled: false }).waitFor();
  await page.keyboard.press('k');
  await page.waitForURL((url) => url.searchParams.get('open') === newer);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await focusIsIn(page, newer);

  await page.goto('/endpoints');
  // A menu is loaded when it is first used, here by a key.
  await page.getByRole('button', { name: 'Actions for Focus' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('[role=menuitem]:focus').and(page.getByRole('menuitem').first()).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[aria-label="Actions for Focus"]:focus').waitFor();
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

test('a second Escape closes no more than the drawer', async () => {
  await createEndpoint('Twice');
  const { notification } = await post('Twice');
  const page = await ui.signedIn('/');
  await page.getByRole('link', { name: 'Logs', exact: true }).click();
  await page.locator(`tr[data-row="${notification}"]`).getByRole('button').click();
  await page.getByRole('dialog').getByText('Delivered after 1 attempt.').waitFor();
  // In one task, so that the screen is not rendered in between.
  await page.evaluate(
    `for (let press = 0; press < 2; press++)
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));`,
  );
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('checkbox', { name: 'delivered' }).check();
  await page.waitForURL(/logs\?status=delivered/);
});

test('text typed into a combobox stays when the name of its value arrives', async () => {
  const id = await createEndpoint('Late');
  const page = await ui.signedIn();
  let arrive!: () => void;
  const arrives = new Promise<void>((resolve) => (arrive = resolve));
  const name = `**/v1/subscriptions?id=${id}&*`;
  await page.route(name, async (route) => {
    await arrives;
    await route.continue();
  });
  await page.goto(`/logs?subscriptionId=${id}`);
  const field = page.getByRole('combobox', { name: 'Endpoint' });
  await field.fill('half of a');
  const response = page.waitForResponse(name);
  arrive();
  await (await response).finished();
  await page.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(done), 200))');
  expect(await field.inputValue()).toBe('half of a');
  await field.blur();
  await until(
    () => field.inputValue(),
    (text) => text === 'Late',
  );
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

test('a mistyped address and a thing that does not exist lead back, in words', async () => {
  const page = await ui.signedIn('/');
  expect((await page.goto('/nope'))!.status()).toBe(404);
  await page.getByText('Page not found').waitFor();
  await hasTitle(page, 'Page not found · Signpost');
  await page.getByRole('link', { name: 'Go to overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  for (const [route, title, back] of [
    ['/endpoints/sub_00000000000000000000000000', 'Endpoint not found', 'All endpoints'],
    ['/customers/nobody', 'Customer not found', 'All customers'],
    ['/catalog/no.such.v1', 'Event type not found', 'Event catalog'],
  ] as const) {
    await page.goto(route);
    await page.getByText(title, { exact: true }).waitFor();
    await hasTitle(page, `${title} · Signpost`);
    await page.getByRole('main').getByRole('link', { name: back }).waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  }
  for (const [route, title] of [
    ['/logs?open=ntf_00000000000000000000000000', 'Notification not found'],
    ['/logs?tab=events&event=evt_00000000000000000000000000', 'Event not found'],
    ['/recoveries?open=rec_00000000000000000000000000', 'Recovery not found'],
  ] as const) {
    await page.goto(route);
    await page.getByRole('dialog').getByText(title, { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  }
  const json = await fetch(`${ui.service.url}/nope`, { headers: { accept: 'application/json' } });
  expect(json.headers.get('content-type')).toContain('application/problem+json');
});

test('the names of a screen are read with one request and once each, and no list is read for them', async () => {
  const ids = [await createEndpoint('Named-one'), await createEndpoint('Named-two')];
  for (const channel of ['Named-one', 'Named-one', 'Named-two']) await post(channel);
  const page = await ui.signedIn();
  const reads: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.startsWith('/v1/')) reads.push(pathname + search);
  });
  const lists = /^\/v1\/(subscriptions|customers|event-types)\?(?!id=)/;
  await page.goto('/logs');
  await page.getByRole('link', { name: 'Named-one' }).nth(1).waitFor();
  await page.getByRole('link', { name: 'Named-two' }).waitFor();
  const ofNames = reads.filter((read) => read.startsWith('/v1/subscriptions?id='));
  expect(ofNames).toHaveLength(1);
  for (const id of ids) expect(ofNames[0]).toContain(id);
  for (const [route, heading] of [
    ['/activity', 'Activity'],
    ['/recoveries', 'Recoveries'],
    ['/audit', 'Audit log'],
    ['/logs?tab=events', 'Logs'],
  ]) {
    await page.goto(route!);
    await page.getByRole('heading', { name: heading }).waitFor();
    await until(
      () => page.locator('.skeleton').count(),
      (count) => count === 0,
    );
  }
  expect(reads.filter((read) => lists.test(read))).toEqual([]);
  // The suggestions of a filter are read for whoever enters it.
  await page.getByRole('combobox', { name: 'Customer' }).focus();
  await page.getByRole('option', { name: /Tyrell Corporation/ }).waitFor();
  expect(reads.filter((read) => lists.test(read))).toEqual(['/v1/customers?limit=20']);
});

test('a combobox lists the exact match first, takes it by Enter, shows its name, and says if nothing matches', async () => {
  const page = await ui.signedIn('/logs');
  const field = page.getByRole('combobox', { name: 'Customer' });
  const options = page.getByRole('listbox', { name: 'Customer' }).getByRole('option');
  await field.fill('tyrell');
  await options.nth(2).waitFor();
  expect(await options.allInnerTexts()).toEqual([
    expect.stringMatching(/\styrell$/),
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
