import { ADMIN_KEY, onboard } from '../support/service';
import { useUi } from '../support/browser';

/** Who gets in, what they see, and what a customer's portal keeps from them. */
const ui = useUi();

it('asks for a key, says when it is wrong, and keeps it out of the reach of scripts', async () => {
  const page = await ui.open('/logs?status=failed');
  await page.waitForURL('**/sign-in');
  await ui.look(page, 'sign-in');
  await page.getByLabel('API key').fill('not-the-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key is unknown, revoked or expired.').waitFor();
  await page.getByLabel('API key').fill(ADMIN_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/logs?status=failed');
  const reachable = await page.evaluate(
    'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])',
  );
  expect(reachable).not.toContain(ADMIN_KEY);
  expect(reachable).not.toContain('signpost_session');
});

it('signs out, and stays so for one who goes back', async () => {
  const page = await ui.signedIn('/endpoints');
  const [cookie] = await page.context().cookies();
  await page.getByRole('button', { name: /admin key of the configuration/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goto('/endpoints');
  await page.waitForURL('**/sign-in');
  const kept = await fetch(`${ui.service.url}/v1/subscriptions`, {
    headers: { cookie: `${cookie!.name}=${cookie!.value}` },
  });
  expect(kept.status).toBe(401);
});

it('shows how deliveries fare, with what needs a person as links', async () => {
  ui.receiver.answerWith([204, 500]);
  const customer = await onboard(ui.service, ui.receiver.url('/overview'), { retrySchedule: [] });
  await customer.post();
  await customer.post();
  await ui.receiver.waitFor(2);
  ui.receiver.answerWith(204);
  const page = await ui.signedIn('/');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('link', { name: /1 notification failed for good in the last day/ }).waitFor();
  await page.getByRole('region', { name: 'Endpoints that fail most' }).getByText('1 of 2').waitFor();
  // With the pointer over the chart: what it tells there must not stick out of a window that becomes narrow.
  await page.locator('.recharts-wrapper').hover();
  await page.locator('.recharts-default-tooltip').getByText('accepted').waitFor();
  await ui.look(page, 'overview');
  await page.getByLabel('Shown').selectOption('day');
  await page.waitForURL('**/?window=day');
  await page.reload();
  expect(await page.getByLabel('Shown').inputValue()).toBe('day');
  await page.getByRole('link', { name: /failed for good in the last day/ }).click();
  await page.waitForURL('**/logs?status=failed');
});

it('opens a portal by its link, with what is that customer’s and nothing of anyone else', async () => {
  const mine = await onboard(ui.service, ui.receiver.url('/mine'));
  const theirs = await onboard(ui.service, ui.receiver.url('/theirs'));
  const [theirNotification] = await theirs.post();
  await mine.post();
  const { body: session } = await ui.service.call('POST', '/v1/portal-sessions', { customerId: mine.customerId });
  const page = await ui.open(new URL(session.url).pathname + new URL(session.url).hash);
  await page.getByText(`Portal of ${mine.customerId}`).waitFor();
  expect(page.url()).not.toContain(session.token);
  const places = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents();
  expect(places).toEqual(['Overview', 'Endpoints', 'Logs', 'Activity', 'Recoveries', 'Event catalog']);
  await ui.look(page, 'portal');

  await page.goto('/endpoints');
  await page.getByText(ui.receiver.url('/mine')).waitFor();
  await page.goto('/logs');
  await page.getByRole('heading', { name: 'Logs' }).waitFor();
  expect(await page.content()).not.toContain(theirs.customerId);

  // Another's ids give nothing, on the screens or behind them.
  await page.goto(`/endpoints/${theirs.subscriptionId}`);
  await page
    .getByText(/The subscription does not exist/)
    .first()
    .waitFor();
  for (const route of [
    `/v1/subscriptions/${theirs.subscriptionId}`,
    `/v1/subscriptions/${theirs.subscriptionId}/secret`,
    `/v1/notifications/${theirNotification}`,
    `/v1/customers/${theirs.customerId}`,
  ])
    expect([route, await page.evaluate(`fetch('${route}').then((answer) => answer.status)`)]).toEqual([route, 404]);
  for (const route of ['/v1/products', '/v1/api-keys', '/v1/audit', '/v1/url-allowlist'])
    expect([route, await page.evaluate(`fetch('${route}').then((answer) => answer.status)`)]).toEqual([route, 403]);
  await page.goto('/credentials');
  expect(await page.content()).not.toContain('spk_');
});

it('says that a link is worth nothing any more', async () => {
  const page = await ui.open('/portal#token=eyJhbGciOiJIUzI1NiJ9.e30.xxxx');
  await page.getByRole('alert').getByText('This link has expired or is not complete.').waitFor();
  await ui.look(page, 'portal-expired');
});
