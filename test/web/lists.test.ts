import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { PARCEL_SENT, useParcels } from '../support/parcels';
import { until } from '../support/until';

/** Lists with more rows than are read again as a whole. */
const ui = useUi();
const { createEndpoint, post } = useParcels(ui);
const ROWS = 260;
/** Of a request that only refreshes, with room for one page and what follows it. */
const MOST_ROWS_OF_A_POLL = 200;

const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

async function postMany(channel: string, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100)
    await ui.service.must('POST', '/v1/events/batch', {
      events: Array.from({ length: Math.min(left, 100) }, (_, index) => ({
        type: PARCEL_SENT,
        customerId: 'tyrell',
        channels: [channel],
        data: { index },
      })),
    });
}

/** Scrolls until all rows are loaded. */
async function loadAll(page: Page): Promise<void> {
  await page.getByText('50 loaded, scroll for more').waitFor();
  await until(
    async () => {
      await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
      return page.getByText(`${ROWS} total`).isVisible();
    },
    (isLoaded) => isLoaded,
  );
}

test('a long list goes on refreshing its first page, offers new rows, and says how old the others are', async () => {
  const id = await createEndpoint('Long', { enabled: false });
  await postMany('Long', ROWS);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await loadAll(page);
  await page.getByText(/^Rows after the first 50 are as of \d\d:\d\d:\d\d UTC$/).waitFor();
  await ui.look(page, 'logs-long');

  const limits: number[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname === '/v1/notifications') limits.push(Number(url.searchParams.get('limit')));
  });
  // In the middle, so that nothing appears by itself.
  await page.evaluate('window.scrollTo(0, 3000)');
  const { notification } = await post('Long');
  const newer = page.getByRole('button', { name: 'Show 1 new' });
  await newer.waitFor();
  expect(limits.every((limit) => limit <= MOST_ROWS_OF_A_POLL)).toBe(true);
  const { y, height } = (await newer.boundingBox())!;
  expect(y + height).toBeLessThanOrEqual(page.viewportSize()!.height);
  expect(await page.evaluate('window.scrollY')).toBe(3000);

  // What the first page holds is as it is now.
  const [, second] = (await ui.service.must('GET', `/v1/notifications?subscriptionId=${id}&limit=2`)).items;
  await page.evaluate('window.scrollTo(0, 0)');
  await page.locator(`tr[data-row="${notification}"]`).waitFor();
  await ui.service.must('POST', `/v1/notifications/${second.id}/cancel`, {});
  await page.locator(`tr[data-row="${second.id}"]`).getByText('cancelled').waitFor();
});

test('the button Refresh reads a long list again, and more new rows than a page start it over', async () => {
  const id = await createEndpoint('Longer', { enabled: false });
  await postMany('Longer', ROWS);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await loadAll(page);
  const { items } = await ui.service.must('GET', `/v1/notifications?subscriptionId=${id}&limit=200`);
  const old = items[150].id;
  await page.evaluate('window.scrollTo(0, 46 * 150)');
  const row = page.locator(`tr[data-row="${old}"]`);
  await row.getByText('held').waitFor();
  await ui.service.must('POST', `/v1/notifications/${old}/cancel`, {});
  await clickButton(page, 'Refresh');
  await row.getByText('cancelled').waitFor();

  await postMany('Longer', 60);
  await clickButton(page, 'Show 50+ new');
  await page.getByText('50 loaded, scroll for more').waitFor();
  expect(await page.evaluate('window.scrollY')).toBe(0);
  expect(await page.getByText(/^Rows after the first/).count()).toBe(0);
});

test('rows that are selected stay selected when a long list is brought up to date', async () => {
  const id = await createEndpoint('Chosen', { enabled: false });
  await postMany('Chosen', ROWS);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await loadAll(page);
  await page.evaluate('window.scrollTo(0, 46 * 120)');
  await page
    .getByLabel(/^Select ntf_/)
    .first()
    .check();
  await page.getByText('1 selected').waitFor();
  await postMany('Chosen', 60);
  await clickButton(page, 'Show 50+ new');
  await page.getByRole('button', { name: 'Show 50+ new' }).waitFor({ state: 'detached' });
  await page.getByText('1 selected').waitFor();
});

test('events do not move under a reader who has scrolled', async () => {
  await createEndpoint('Moving', { enabled: false });
  await postMany('Moving', ROWS);
  const page = await ui.signedIn('/logs?tab=events');
  await page.getByText('50 loaded, scroll for more').waitFor();
  const first = () => page.locator('tr[data-row]').first().getAttribute('data-row');
  await page.evaluate('window.scrollTo(0, 400)');
  const before = await first();
  await post('Moving');
  await page.getByRole('button', { name: 'Show 1 new' }).waitFor();
  expect(await first()).toBe(before);
  await clickButton(page, 'Show 1 new');
  await until(first, (id) => id !== before);
});

const REFUSED: [string, string[]][] = [
  ['/logs?subscriptionId=a,b', ['Endpoint']],
  ['/logs?subscriptionId=%00&customerId=a,b', ['Customer', 'Endpoint']],
  ['/logs?status=lost', ['Status']],
  ['/logs?q=%00', ['Search']],
  ['/logs?period=between&since=yesterday', ['From']],
  ['/logs?finishedSince=yesterday', ['Finished since']],
  ['/logs?tab=events&type=,', ['Event type']],
  ['/endpoints?status=lost', ['Status']],
  ['/endpoints?sort=loudest', ['Sort by']],
  ['/endpoints?eventType=,', ['Event type']],
  ['/customers?segment=%00', ['Segment']],
  ['/products?segment=%00', ['Segment']],
  ['/catalog?productId=a,b', ['Product']],
  ['/audit?actor=%00', ['Credential ID']],
  ['/audit?action=%00', ['Action']],
  ['/recoveries?subscriptionId=a,b', ['Endpoint']],
  ['/allow-list?status=lost', ['Status']],
  ['/sessions?of=them', ['Sessions of']],
  ['/?window=year', ['Period']],
  ['/?segment=%00', ['Segment']],
  ['/activity?subscriptionId=a,b', ['Endpoint']],
];

test('each list names the filters in its address that are refused, and clears them', async () => {
  const page = await ui.signedIn();
  const alert = page.getByRole('alert').filter({ hasText: 'not valid' });
  for (const [route, names] of REFUSED) {
    await page.goto(route);
    for (const name of names) await alert.getByText(new RegExp(`^${name} “`)).waitFor();
    expect([route, await alert.getByRole('button').allInnerTexts()]).toEqual([route, ['Clear filters']]);
    await alert.getByRole('button').click();
    await alert.waitFor({ state: 'detached' });
  }
  await page.goto('/logs?subscriptionId=a,b');
  await alert.waitFor();
  await ui.look(page, 'logs-refused');
});

test('a long list of the last hour stays when the hour has moved on by a minute', async () => {
  const id = await createEndpoint('Hourly', { enabled: false });
  await postMany('Hourly', ROWS);
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&period=hour`);
  await loadAll(page);
  const since = () =>
    page
      .waitForRequest((request) => request.url().includes('/v1/notifications?'))
      .then((request) => new URL(request.url()).searchParams.get('since'));
  const before = await since();
  await page.clock.install({ time: Date.now() + 65_000 });
  await until(since, (after) => after !== before);
  expect(await page.getByText(`${ROWS} total`).isVisible()).toBe(true);
});
