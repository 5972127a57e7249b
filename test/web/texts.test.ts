import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { useUi, type Ui } from '../support/browser';
import { onboard } from '../support/service';
import { until } from '../support/until';

/** Texts come from the catalog: in a generated language, no English word is left in a portal. */
const ui = useUi();
const ROOT = path.join(__dirname, '..', '..');
/** Names without a letter of A to Z, so that each word of such letters is a forgotten text. */
const NAMES = { product: '产品', customer: '客户', endpoint: '端点', description: '说明' };

interface PseudoLanguage {
  locale: string;
  messages: Record<string, unknown>;
  /** By their English text, those without values. */
  texts: Record<string, string>;
}
let pseudo: PseudoLanguage;
beforeAll(() => {
  const script = path.join(ROOT, 'scripts', 'messages.mjs');
  pseudo = JSON.parse(execFileSync(process.execPath, [script, '--pseudo'], { encoding: 'utf8', maxBuffer: 1 << 24 }));
});

/** The text of an element as the generated language has it. */
function text(english: string): string {
  const found = pseudo.texts[english];
  if (found === undefined) throw new Error(`not in the catalog: ${english}`);
  return found;
}

/** Opens a window of the generated language. */
async function openPseudo(route: string): Promise<Page> {
  const page = await ui.open('about:blank');
  await page.addInitScript(`globalThis.signpostCatalog = ${JSON.stringify(pseudo)}`);
  await page.goto(route);
  return page;
}

/** Returns the texts of a page, and of its labels. Samples of code are no texts, nor are times. */
const TEXTS = `(() => {
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest('code, pre, kbd, script, style, noscript, time, svg')) found.push(node.textContent);
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
      if (!(name === 'title' && element.matches('time'))) found.push(element.getAttribute(name) ?? '');
  return found;
})()`;

/** Names, addresses, ids, event types, and codes of HTTP and zones: the same in every language. */
const UNIVERSAL = [
  /\bSignpost\b/g,
  /-----BEGIN/g,
  // Recharts has no setting for it.
  /legend icon$/g,
  /https?:\/\/\S*/g,
  /\b[a-z]{2,4}_[0-9a-z]{8,}/g,
  /\b(whsec|client|agent)_/g,
  /[\w*-]+(\.[\w*-]+)+/g,
  /\b(HTTP|UTC|GMT|POST|GET|PUT|p50|p95|p99|\dxx|Ctrl|Enter)\b/g,
  // Dates are written by the browser, which has no such language.
  /\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun|AM|PM)\b/g,
];

const found: string[] = [];

/** Notes the English words of a page. */
async function read(page: Page, screen: string): Promise<void> {
  for (const each of new Set((await page.evaluate(TEXTS)) as string[])) {
    const rest = UNIVERSAL.reduce((left, pattern) => left.replace(pattern, ' '), each);
    if (/[A-Za-z]{2}/.test(rest)) found.push(`${screen}: ${each.trim()}`);
  }
}

async function portalOf(service: Ui['service'], customerId: string): Promise<string> {
  const { url } = await service.must('POST', '/v1/portal-sessions', { customerId });
  return new URL(url).pathname + new URL(url).hash;
}

const button = (page: Page, english: string) => page.getByRole('button', { name: text(english), exact: true });
const tab = (page: Page, english: string) => page.getByRole('tab', { name: text(english), exact: true });
async function closeDialog(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

test('no English word is left in a portal in another language', async () => {
  found.length = 0;
  const { service, receiver } = ui;
  await service.must('POST', '/v1/products', { id: 'p1', name: NAMES.product, enabled: true });
  const type = 'a.b.v1';
  await service.must('PUT', `/v1/event-types/${type}`, {
    productId: 'p1',
    description: NAMES.description,
    schema: { type: 'object', properties: { a1: { type: ['string', 'null'], description: NAMES.description } } },
    sample: { a1: '1' },
  });
  await service.must('POST', '/v1/customers', { id: 'c1', name: NAMES.customer, productId: 'p1' });

  const page = await openPseudo(await portalOf(service, 'c1'));
  await page.getByRole('heading', { name: text('Overview') }).waitFor();
  await page.getByText(text('Getting started')).waitFor();
  await read(page, 'overview without endpoints');
  await page.goto('/portal/logs');
  await page.getByText(text('No notifications yet')).waitFor();
  await read(page, 'logs without notifications');

  await page.goto('/portal/endpoints/new');
  await button(page, 'More settings').waitFor();
  await read(page, 'add endpoint');
  await button(page, 'More settings').click();
  const next = button(page, 'Next');
  await next.waitFor();
  await page.getByLabel(text('Name'), { exact: true }).fill(NAMES.endpoint);
  await read(page, 'new endpoint, general');
  for (const step of ['types', 'http', 'channels', 'data', 'review']) {
    await next.click();
    await read(page, `new endpoint, ${step}`);
    if (step === 'types') await page.getByRole('checkbox').first().check();
    if (step === 'http') await page.getByLabel('ŨŔĹ', { exact: true }).fill(receiver.url('/1'));
  }

  receiver.answerWith([500, 204]);
  const { id } = await service.must('POST', '/v1/subscriptions', {
    customerId: 'c1',
    name: NAMES.endpoint,
    url: receiver.url('/1'),
    eventTypes: [type],
    retrySchedule: [],
  });
  const post = async () => {
    const body = await service.must('POST', '/v1/events', { type, customerId: 'c1', data: { a1: '2' } });
    return { event: body.id as string, notification: body.notifications[0].id as string };
  };
  const failed = await post();
  await service.reaches(failed.notification, 'failed');
  const delivered = await post();
  await service.reaches(delivered.notification, 'delivered');

  await page.goto('/portal');
  await page.getByText(text('Most failing endpoints')).waitFor();
  await read(page, 'overview');
  await page.goto('/portal/endpoints');
  await page.getByRole('link', { name: NAMES.endpoint }).waitFor();
  await read(page, 'endpoints');
  await page.goto(`/portal/endpoints/${id}`);
  for (const name of [
    'Overview',
    'Statistics',
    'Notifications',
    'HTTP settings',
    'Channels',
    'Custom data',
    'Challenge',
    'Secret',
  ]) {
    await tab(page, name).click();
    await until(
      () => page.locator('.skeleton').count(),
      (count) => count === 0,
    );
    await read(page, `endpoint, ${name}`);
  }
  for (const name of ['Trigger now', 'Recover…']) {
    await button(page, name).click();
    await page.getByRole('dialog').waitFor();
    await read(page, name);
    await closeDialog(page);
  }
  await page.goto(`/portal/endpoints/${id}/edit`);
  await button(page, 'Save changes').waitFor();
  await read(page, 'edit endpoint');

  for (const [name, route] of [
    ['logs', '/portal/logs'],
    ['events', '/portal/logs?tab=events'],
    ['failed notification', `/portal/logs?open=${failed.notification}`],
    ['delivered notification', `/portal/logs?open=${delivered.notification}`],
    ['event', `/portal/logs?tab=events&event=${delivered.event}`],
    ['activity', '/portal/activity'],
    ['recoveries', '/portal/recoveries'],
    ['catalog', '/portal/catalog'],
    ['event type', `/portal/catalog/${type}`],
    ['page without permission', '/portal/audit'],
    ['unknown endpoint', '/portal/endpoints/sub_00000000000000000000000000'],
  ] as const) {
    await page.goto(route);
    await page.locator('#sidebar').waitFor();
    await until(
      () => page.locator('.skeleton').count(),
      (count) => count === 0,
    );
    await read(page, name);
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: text('Command palette') }).waitFor();
  await read(page, 'command palette');
  await closeDialog(page);
  await page.locator('.account-button').click();
  await page.getByRole('menuitem', { name: text('Sign out') }).waitFor();
  await read(page, 'account menu');
  await page.getByRole('menuitem', { name: text('Sign out') }).click();
  await page.getByRole('alert').waitFor();
  await read(page, 'ended portal');
  expect(found).toEqual([]);
});

test('a name with markup or an escape in it is shown as it is written', async () => {
  const name = 'Is <0>this</0> or <b>that</b> \\u0041?';
  const { customerId } = await onboard(ui.service, ui.receiver.url('/markup'), { name });
  const page = await ui.signedIn(`/endpoints?customerId=${customerId}`);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Trigger now' }).click();
  await page.getByText(`Sent only to ${name}. Signed, recorded and retried like any event.`).waitFor();
});
