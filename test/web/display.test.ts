import type { Page } from 'playwright-core';
import { standardSignature } from '../../src/domain/signing';
import { pointAtChart, useUi } from '../support/browser';
import { PARCEL_DATA as DATA, PARCEL_SENT as TYPE, useParcels } from '../support/parcels';
import { ADMIN_KEY } from '../support/service';

/** What the screens show: exact numbers, times, figures, attempts side by side, and long lists. */
const ui = useUi();
const { callWithText, createEndpoint, post } = useParcels(ui);
/** The numbers of the sample, as they are written. */
const BOTH = /12345678901234567890[\s\S]*125\.50/;
const clickButton = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

describe('numbers', () => {
  test('a long number and a trailing zero survive an edit of the description, and an import of the export', async () => {
    const page = await ui.signedIn(`/catalog/${TYPE}`);
    expect(await page.locator('pre[aria-label=Sample]').innerText()).toMatch(BOTH);
    await clickButton(page, 'Edit');
    await page.getByLabel('Description').fill('A parcel was sent off.');
    await clickButton(page, 'Save');
    await page.getByText('A parcel was sent off.').waitFor();
    const saved = await callWithText('GET', `/v1/event-types/${TYPE}`);
    expect(saved).toMatch(BOTH);

    await page.goto('/catalog');
    const download = page.waitForEvent('download');
    await clickButton(page, 'Export');
    const file = await (await download).path();
    await callWithText('PUT', `/v1/event-types/${TYPE}`, '{"productId":"parcels","description":"Other","schema":null}');
    await clickButton(page, 'Import');
    await page.getByLabel('File').setInputFiles(file);
    await clickButton(page, 'Import 1');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const imported = await callWithText('GET', `/v1/event-types/${TYPE}`);
    expect(imported).toMatch(BOTH);
  });

  test('the event drawer, Trigger now, custom data and the hand-over sheet show and send numbers as written', async () => {
    const id = await createEndpoint('Exact', { format: 'trigger' });
    await callWithText('PATCH', `/v1/subscriptions/${id}`, `{"customData":${DATA}}`);
    const { id: event, notification } = await post('Exact');
    await ui.service.reaches(notification, 'delivered');
    const page = await ui.signedIn(`/logs?tab=events&event=${event}`);
    expect(await page.getByRole('dialog').getByLabel('Data', { exact: true }).innerText()).toMatch(BOTH);

    await page.goto(`/endpoints/${id}`);
    await clickButton(page, 'Trigger now');
    const dialog = page.getByRole('dialog', { name: 'Trigger now' });
    const data = dialog.getByRole('textbox', { name: 'Data' });
    expect(await data.inputValue()).toMatch(BOTH);
    await data.fill(DATA.replace('ref', 'other'));
    const before = ui.receiver.requests.length;
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.getByText('delivered').waitFor();
    expect(ui.receiver.requests[before]!.body).toContain('"other":12345678901234567890,"amount":125.50');
    await dialog.getByRole('button', { name: 'Done' }).click();

    await page.getByRole('tab', { name: 'Custom data' }).click();
    const custom = page.getByRole('textbox', { name: 'Custom data' });
    expect(await custom.inputValue()).toMatch(BOTH);
    await custom.fill('{"ref":98765432109876543210,"amount":1.10}');
    await clickButton(page, 'Save');
    await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
    expect(await callWithText('GET', `/v1/subscriptions/${id}`)).toContain('"ref":98765432109876543210,"amount":1.10');

    await page.goto(`/onboarding?product=parcels&customer=tyrell&endpoint=${id}`);
    await page.locator('summary').filter({ hasText: TYPE }).click();
    expect(await page.getByLabel(`Sample of ${TYPE}`, { exact: true }).innerText()).toMatch(BOTH);
  });
});

test('times have one zone everywhere, which is written and can be changed to UTC', async () => {
  const id = await createEndpoint('Zone');
  const { notification } = await post('Zone');
  const { createdAt } = await ui.service.must('GET', `/v1/notifications/${notification}`);
  // A zone without summer time.
  const timeZone = 'America/Bogota';
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`, ADMIN_KEY, { timezoneId: timeZone });
  const local = new Date(createdAt).toLocaleTimeString('en-GB', { timeZone });
  const year = new Date(createdAt).toLocaleString('en-GB', { timeZone, year: 'numeric' });
  const utc = createdAt.slice(11, 19);
  await page.getByRole('table').getByText(`${local} GMT-5`).waitFor();
  await page.getByRole('table').getByRole('button', { name: TYPE }).click();
  await page.getByRole('dialog').getByText(`${year}, ${local} GMT-5`).waitFor();
  await page.keyboard.press('Escape');
  await page.getByLabel('Accepted').selectOption('Custom range…');
  await page.getByLabel('From (GMT-5)').waitFor();
  await page.goto('/');
  await pointAtChart(page, 'GMT-5');

  await page.getByRole('button', { name: /admin key of the configuration/ }).click();
  await page.getByRole('menuitemradio', { name: 'Times in UTC' }).click();
  await pointAtChart(page, 'UTC');
  await page.goto(`/logs?subscriptionId=${id}&period=between`);
  await page.getByRole('table').getByText(`${utc} UTC`).waitFor();
  await page.getByLabel('From (UTC)').fill(createdAt.slice(0, 16));
  await page.waitForURL((url) => url.searchParams.get('since') === `${createdAt.slice(0, 16)}:00.000Z`);
});

test('a figure of the overview is the number of rows of the list behind it', async () => {
  await createEndpoint('Figures');
  ui.receiver.answerWith((request) => ({ status: request.path === '/Figures' ? 500 : 200 }));
  const posted: string[] = [];
  for (let index = 0; index < 4; index++) posted.push((await post('Figures')).notification);
  for (const notification of posted) await ui.service.reaches(notification, 'failed');
  ui.receiver.answerWith(200);
  // One of the failures is over: it was retried and delivered.
  await ui.service.must('POST', `/v1/notifications/${posted[3]}/retry`, {});
  await ui.service.reaches(posted[3]!, 'delivered');
  const page = await ui.signedIn('/');
  const tiles = page.getByRole('link', { name: /^(Delivered|Failed|Retrying|Held)\s*\d/ });
  // The figures are at most 5 seconds old.
  await page.getByRole('link', { name: /^Failed\s*3\b/ }).waitFor();
  const seen: [string, number, number][] = [];
  for (const name of ['Delivered', 'Failed', 'Retrying', 'Held']) {
    const tile = tiles.filter({ hasText: name });
    const figure = Number(/\d+/.exec(await tile.innerText())![0]);
    await tile.click();
    const count = await page
      .getByText(/^\d+ total$/)
      .or(page.getByText('No notifications match these filters'))
      .innerText();
    seen.push([name, figure, Number.parseInt(count, 10) || 0]);
    await page.goBack();
  }
  expect(seen).toEqual(seen.map(([name, figure]) => [name, figure, figure]));
  await page.getByRole('link', { name: /^3 notifications failed in the last 24 hours/ }).click();
  await page.getByText('3 total').waitFor();
  await clickButton(page, /^Remove the filter: Finished since/);
  await page.waitForURL((url) => !url.searchParams.has('finishedSince'));
});

test('a failed attempt shows its response first, and two attempts beside each other with changed lines', async () => {
  const id = await createEndpoint('Compared', { retrySchedule: [1] });
  let answer = 0;
  ui.receiver.answerWith((request) =>
    request.path === '/Compared'
      ? { status: 503, body: `{"reason":"maintenance","attempt":${(answer += 1)}}` }
      : { status: 200 },
  );
  await post('Compared');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}&status=failed`);
  await clickButton(page, TYPE);
  const drawer = page.getByRole('dialog', { name: /^Notification/ });
  await drawer.getByRole('tab', { name: 'Response', selected: true }).waitFor();
  await drawer.getByLabel('Response body', { exact: true }).getByText('"attempt": 2').waitFor();
  await drawer.getByRole('tab', { name: 'Request' }).click();
  await drawer.getByLabel('Request body', { exact: true }).getByText('12345678901234567890').waitFor();
  await drawer.getByRole('tab', { name: 'Headers' }).click();
  await drawer.getByLabel('Request headers', { exact: true }).getByText('webhook-id').waitFor();
  await clickButton(page, 'Compare');
  const compare = page.getByRole('dialog', { name: 'Compare attempts' });
  const changed = compare.getByLabel('Response body, right', { exact: true }).locator('mark');
  await changed.waitFor();
  expect((await changed.innerText()).trim()).toBe('"attempt": 2');
  expect(await compare.getByLabel('Request body, left', { exact: true }).locator('mark').count()).toBe(0);
  await ui.look(page, 'compare');
  ui.receiver.answerWith(200);
});

test('a copied request is signed now, or only the payload, and its signature is audited', async () => {
  const id = await createEndpoint('Copied');
  await post('Copied');
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()');
  await clickButton(page, TYPE);
  const drawer = page.getByRole('dialog', { name: /^Notification/ });
  const copy = async (item: string, note: RegExp) => {
    await drawer.getByRole('button', { name: 'Copy as…' }).click();
    await page.getByRole('menuitem', { name: item }).click();
    await page.getByText(note).first().waitFor();
    return clipboard();
  };
  expect(await copy('Payload only', /^Payload copied/)).toContain('12345678901234567890');
  expect(await copy('curl, as sent', /a receiver that verifies it refuses it/)).toMatch(/^curl -i -X POST/);
  const command = await copy('curl, signed now', /for about 5 minutes/);
  const header = (name: string) => new RegExp(`${name}: ([^']+)`).exec(command)![1]!;
  const { secret } = await ui.service.must('GET', `/v1/subscriptions/${id}/secret`);
  const timestampSeconds = Number(header('webhook-timestamp'));
  const body = /--data-binary '(.*)'$/s.exec(command)![1]!;
  expect(Date.now() / 1000 - timestampSeconds).toBeLessThan(60);
  expect(header('webhook-signature')).toBe(
    standardSignature({ id: header('webhook-id'), timestampSeconds, body }, [secret]),
  );
  expect(await copy('Python, signed now', /^Python copied/)).toContain('urllib.request.Request');
  const { items } = await ui.service.must('GET', '/v1/audit?action=attempt.sign');
  expect(items).toHaveLength(2);
});

test('rows of a table are equally high, and columns keep their widths while it scrolls', async () => {
  const id = await createEndpoint('Rows', { enabled: false });
  const events = Array.from({ length: 400 }, (_, index) => ({
    type: TYPE,
    customerId: 'tyrell',
    channels: ['Rows', ...(index % 7 === 0 ? ['a-much-longer-name-of-a-channel'] : [])],
    data: {},
  }));
  await ui.service.must('POST', '/v1/events/batch', { events });
  const page = await ui.signedIn(`/logs?subscriptionId=${id}`);
  await page.getByText('50 loaded, scroll for more').waitFor();
  const shapes = new Set<string>();
  for (let step = 0; step < 40; step++) {
    await page.evaluate(
      `new Promise((done) => { window.scrollBy(0, 300); requestAnimationFrame(() => requestAnimationFrame(done)); })`,
    );
    shapes.add(
      await page.evaluate<string>(`JSON.stringify([
        [...document.querySelectorAll('th')].map((th) => Math.round(th.getBoundingClientRect().width)),
        [...new Set([...document.querySelectorAll('tbody tr[data-row]')].map((tr) => Math.round(tr.getBoundingClientRect().height)))],
      ])`),
    );
  }
  expect(shapes.size).toBe(1);
  expect([...shapes][0]).toContain(',[46]]');
});

test('a long URL takes one line of the head of an endpoint, and can be shown in full', async () => {
  const id = await createEndpoint('Long', { url: ui.receiver.url(`/${'a'.repeat(1500)}`) });
  const page = await ui.signedIn(`/endpoints/${id}`);
  const head = page.getByRole('banner').or(page.locator('header.page-head')).last();
  await head.getByText(/^POST http/).waitFor();
  expect((await head.boundingBox())!.height).toBeLessThan(140);
  await clickButton(page, 'Show all');
  await clickButton(page, 'Show less');
  await ui.look(page, 'endpoint-long-url');
});
