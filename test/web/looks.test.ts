import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { PARCEL_SENT as TYPE, useParcels } from '../support/parcels';
import { until } from '../support/until';

/** What only a picture shows: rings around the focus, layers on each other, names, empty lists. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);
const PHONE = { width: 390, height: 844 };

const hasRing = (page: Page) => page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'");

/** An endpoint whose notification failed twice. */
async function failedTwice(name: string): Promise<{ endpoint: string; notification: string }> {
  ui.receiver.answerWith(({ path }) => ({ status: path === `/${name}` ? 503 : 200 }));
  const endpoint = await createEndpoint(name, { retrySchedule: [1] });
  const { notification } = await post(name);
  await ui.service.reaches(notification, 'failed');
  return { endpoint, notification };
}

test('a click leaves no ring around the focus, a key shows it, and a text field always has one', async () => {
  const endpoint = await createEndpoint('Ringed');
  const page = await ui.signedIn(`/endpoints/${endpoint}`);
  await page.getByRole('tab', { name: 'Statistics' }).click();
  await page.getByRole('tab', { name: 'Statistics', selected: true }).waitFor();
  expect(await hasRing(page)).toBe(false);
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'History', selected: true }).waitFor();
  expect(await hasRing(page)).toBe(true);
  await page.goto('/logs');
  await page.getByRole('searchbox').click();
  expect(await hasRing(page)).toBe(true);
});

test('a dialog covers the drawer that it was opened from', async () => {
  const { notification } = await failedTwice('Layers');
  const page = await ui.signedIn(`/logs?open=${notification}`);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByRole('dialog', { name: 'Compare attempts' }).waitFor();
  const inTheCorner = 'document.elementFromPoint(innerWidth - 4, innerHeight - 4).className';
  await until(
    () => page.evaluate(inTheCorner),
    (name) => name === 'overlay',
  );
});

test('drawers and pages of one thing show names where there are any', async () => {
  const { endpoint, notification } = await failedTwice('Named');
  const page = await ui.signedIn(`/logs?open=${notification}`);
  const drawer = page.getByRole('dialog', { name: 'Notification' });
  await drawer.getByRole('link', { name: 'Tyrell Corporation' }).waitFor();
  await page.goto(`/endpoints/${endpoint}`);
  await page.getByRole('link', { name: 'Tyrell Corporation' }).waitFor();
  await page.goto('/customers');
  await page.getByRole('cell', { name: 'Parcels' }).first().waitFor();
  await page.goto('/catalog');
  await page.getByRole('row').filter({ hasText: TYPE }).getByRole('cell', { name: 'Parcels' }).waitFor();
});

test('every list that nothing matches offers to clear its filters', async () => {
  const page = await ui.signedIn();
  for (const route of ['/endpoints', '/customers', '/catalog', '/logs', '/logs?tab=events']) {
    await page.goto(`${route}${route.includes('?') ? '&' : '?'}q=nothing-is-called-so`);
    await page.getByText('match these filters').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => !url.searchParams.has('q'));
  }
});

test('all that match are selected in place of the loaded rows, not beside them', async () => {
  const endpoint = await createEndpoint('Held', { enabled: false });
  await ui.service.must('POST', '/v1/events/batch', {
    events: Array.from({ length: 60 }, (_, index) => ({
      type: TYPE,
      customerId: 'tyrell',
      channels: ['Held'],
      data: { index },
    })),
  });
  const page = await ui.signedIn(`/logs?subscriptionId=${endpoint}`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  await page.getByLabel('Select all loaded notifications').check();
  await page.getByText('50 selected').waitFor();
  await page.getByRole('button', { name: 'Select all 60 undelivered that match' }).click();
  await page.getByText('60 undelivered that match are selected').waitFor();
  expect(await page.getByText('50 selected').count()).toBe(0);
  await page.getByRole('button', { name: 'Clear selection' }).click();
  await page.getByText('60 undelivered that match are selected').waitFor({ state: 'detached' });
  // The next selection is again one of loaded rows.
  await page.getByLabel('Select all loaded notifications').check();
  await page.getByText('50 selected').waitFor();
});

test('the suggestions of a filter fit on a phone', async () => {
  await createEndpoint('An endpoint whose name is longer than the screen of any phone');
  const page = await ui.signedIn('/logs');
  await page.setViewportSize(PHONE);
  // The search is in reach, and the list below it is in sight.
  expect(await page.getByRole('combobox').count()).toBe(0);
  await page.getByRole('button', { name: 'Filters' }).click();
  for (const name of ['Event type', 'Customer', 'Endpoint']) {
    await page.getByRole('combobox', { name }).click();
    await page.getByRole('listbox', { name }).getByRole('option').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.keyboard.press('Escape');
  }
});
