import type { Page, Route } from 'playwright-core';
import { useUi } from '../support/browser';
import { useParcels } from '../support/parcels';
import { until } from '../support/until';

/** Where the focus goes when a part of the page comes late, or the button that had it goes. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

/** Holds a part of the page back until `arrive` is called. */
async function delayed(page: Page, part: RegExp): Promise<{ requested: Promise<unknown>; arrive(): Promise<void> }> {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const hold = async (route: Route) => {
    await released;
    await route.continue();
  };
  await page.route(part, hold);
  const loaded = page.waitForResponse(part);
  // Not awaited if the test fails before.
  loaded.catch(() => undefined);
  return {
    requested: page.waitForRequest(part),
    async arrive() {
      release();
      await (await loaded).finished();
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 500)))');
    },
  };
}

const active = (page: Page) =>
  page.evaluate<string>(`(() => {
    const { tagName, role, ariaLabel, textContent } = document.activeElement;
    return tagName + ' ' + (role ?? '') + ' ' + (ariaLabel ?? textContent.slice(0, 40));
  })()`);

/** Waits until the focus is on something, and returns what. */
const focused = (page: Page) =>
  until(
    () => active(page),
    (what) => !what.startsWith('BODY'),
    5000,
  );

const LEAVES: [string, (page: Page) => Promise<unknown>][] = [
  ['Escape', (page) => page.keyboard.press('Escape')],
  ['Tab', (page) => page.keyboard.press('Tab')],
  ['a click elsewhere', (page) => page.getByRole('heading', { level: 1 }).click()],
];

test.each(LEAVES)('a menu that is still loading does not open after %s', async (_, leave) => {
  const page = await ui.signedIn();
  const { requested, arrive } = await delayed(page, /\/assets\/open-menu-/);
  await page.goto('/logs');
  await button(page, 'Columns').click();
  await requested;
  await leave(page);
  const before = await active(page);
  await arrive();
  expect(await page.getByRole('menu').count()).toBe(0);
  expect(await active(page)).toBe(before);
  await button(page, 'Columns').click();
  await page.getByRole('menu').waitFor();
});

test.each(LEAVES)('a question that is still loading is not asked after %s', async (_, leave) => {
  const page = await ui.signedIn();
  const { requested, arrive } = await delayed(page, /\/assets\/open-confirm-/);
  await page.goto('/sessions');
  await button(page, 'Sign out everywhere').click();
  await requested;
  await leave(page);
  const before = await active(page);
  await arrive();
  expect(await page.getByRole('alertdialog').count()).toBe(0);
  expect(await active(page)).toBe(before);
  await button(page, 'Sign out everywhere').click();
  await page.getByRole('alertdialog').waitFor();
});

test.each(LEAVES)('a drawer that is still loading does not open after %s', async (how, leave) => {
  const name = how.replaceAll(' ', '-');
  await createEndpoint(name);
  const { notification } = await post(name);
  const page = await ui.signedIn();
  const { requested, arrive } = await delayed(page, /\/assets\/panel-/);
  await page.goto('/logs');
  const row = page.locator(`tr[data-row="${notification}"]`);
  await row.getByRole('button').first().click();
  await requested;
  await leave(page);
  await page.waitForURL((url) => !url.searchParams.has('open'));
  await arrive();
  expect(await page.getByRole('dialog').count()).toBe(0);
  await row.getByRole('button').first().click();
  await page.getByRole('dialog').waitFor();
});

test('a link works that is clicked while a drawer is still loading', async () => {
  const id = await createEndpoint('Linked');
  const { notification } = await post('Linked');
  const page = await ui.signedIn();
  const { requested, arrive } = await delayed(page, /\/assets\/panel-/);
  await page.goto(`/logs?subscriptionId=${id}`);
  await page.locator(`tr[data-row="${notification}"]`).getByRole('button').first().click();
  await requested;
  await page.locator('#sidebar').getByRole('link', { name: 'Endpoints' }).click();
  await page.waitForURL('**/endpoints');
  await arrive();
  expect(new URL(page.url()).pathname).toBe('/endpoints');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('Tab does not leave the palette that is still loading', async () => {
  const page = await ui.signedIn('/logs');
  const { requested, arrive } = await delayed(page, /\/assets\/palette-/);
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await requested;
  await page.keyboard.press('Tab');
  expect(await active(page)).toBe('INPUT  Search');
  await arrive();
  await page.getByRole('dialog').waitFor();
});

test('a dialog that is itself loaded at first use does not open after Escape', async () => {
  const page = await ui.signedIn();
  const { requested, arrive } = await delayed(page, /\/assets\/mark-dialog-/);
  await page.goto('/');
  await button(page, 'Mark a deploy…').click();
  await requested;
  await page.keyboard.press('Escape');
  await arrive();
  expect(await page.getByRole('dialog').count()).toBe(0);
  await button(page, 'Mark a deploy…').click();
  await page.getByRole('dialog').waitFor();
});

test('the focus stays on the screen when the button that had it goes', async () => {
  const id = await createEndpoint('Gone', { enabled: false });
  await post('Gone');
  const page = await ui.signedIn('/endpoints?q=nothing-is-called-so');
  await button(page, 'Clear filters').click();
  await page.getByRole('table').waitFor();
  expect(await focused(page)).toMatch(/^H1 .*Endpoints|Endpoints$/);

  // A filter that only a link sets.
  await page.goto(`/logs?finishedSince=2020-01-01T00:00:00Z&subscriptionId=${id}`);
  await button(page, /^Remove the filter/).click();
  expect(await focused(page)).toMatch(/^INPUT .*Search notifications/);

  await page.getByRole('table').waitFor();
  await page.getByLabel('Select all loaded notifications').check();
  await post('Gone');
  await button(page, 'Show 1 new').click();
  await button(page, 'Show 1 new').waitFor({ state: 'detached' });
  expect(await focused(page)).toMatch(/Notifications$/);
  await button(page, 'Clear selection').click();
  expect(await focused(page)).toMatch(/Notifications$/);

  let isFailing = true;
  await page.route('**/v1/customers?*', (route) => (isFailing ? route.fulfill({ status: 400 }) : route.continue()));
  await page.goto('/customers');
  await button(page, 'Try again').waitFor();
  isFailing = false;
  await page.keyboard.press('Tab');
  await button(page, 'Try again').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('table').waitFor();
  expect(await focused(page)).toMatch(/^H1 .*Customers|Customers$/);
});

test('a button that is disabled while it works has the focus again afterwards', async () => {
  await createEndpoint('Busy');
  const page = await ui.signedIn();
  const id = await createEndpoint('Busy-held', { enabled: false });
  await ui.service.must('POST', '/v1/events/batch', {
    events: Array.from({ length: 60 }, (_, index) => ({
      type: 'parcel.sent.v1',
      customerId: 'tyrell',
      channels: ['Busy-held'],
      data: { index },
    })),
  });
  await page.goto(`/logs?subscriptionId=${id}`);
  await page.getByLabel('Select all loaded notifications').check();
  const choice = page.getByRole('button', { name: /^Select all \d/ });
  await choice.waitFor();
  await choice.focus();
  await page.evaluate(`document.activeElement.disabled = true`);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))');
  await page.evaluate(
    `[...document.querySelectorAll('main button:disabled')].forEach((one) => (one.disabled = false))`,
  );
  expect(await focused(page)).toContain('Select all');
});
