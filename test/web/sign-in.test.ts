import type { Page } from 'playwright-core';
import { useUi } from '../support/browser';
import { startOpenIdProvider, type OpenIdProvider } from '../support/openid-provider';
import { ADMIN_KEY, onboard } from '../support/service';
import { until } from '../support/until';

/** Sign-in at an OpenID provider, secrets that need a recent sign-in, and the list of sessions. */
let provider: OpenIdProvider;
beforeAll(async () => {
  provider = await startOpenIdProvider();
});
const ui = useUi(() => provider.env);
beforeAll(() => provider.leadsBackTo(ui.service.url));
afterAll(() => provider?.stop());

/** At the provider's page. */
async function signInAtProvider(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { name: 'People' }).waitFor();
  expect(page.url()).toContain(provider.issuer);
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function signInWithProvider(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with Example ID' }).click();
  await signInAtProvider(page, name);
}

test('a person signs in at the provider, reveals a secret after another sign-in, and signs out everywhere', async () => {
  const { subscriptionId, secret } = await onboard(ui.service, ui.receiver.url('/oidc'));
  const page = await ui.open(`/endpoints/${subscriptionId}?tab=secret`);
  await page.waitForURL('**/sign-in');
  await page.getByRole('link', { name: 'Sign in with Example ID' }).waitFor();
  await ui.look(page, 'sign-in-provider');
  await signInWithProvider(page, 'ada');
  await page.waitForURL(`**/endpoints/${subscriptionId}?tab=secret`);
  await page.getByRole('button', { name: /Ada Lovelace/ }).waitFor();

  // The provider did not say when Ada signed in there, which may have been days ago.
  await page.getByRole('button', { name: 'Reveal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor();
  await ui.look(page, 'sign-in-again');
  await dialog.getByRole('link', { name: 'Sign in with Example ID' }).click();
  await signInAtProvider(page, 'ada');
  await page.waitForURL(`**/endpoints/${subscriptionId}?tab=secret`);
  await page.getByRole('button', { name: 'Reveal' }).click();
  await page.getByText(secret).waitFor();
  const { body: audit } = await ui.service.call('GET', `/v1/audit?action=secret.reveal&object=${subscriptionId}`);
  expect(audit.items).toMatchObject([{ actorName: 'Ada Lovelace (ada@people.example)' }]);

  const elsewhere = await ui.open('/sign-in');
  await signInWithProvider(elsewhere, 'ada');
  await elsewhere.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.getByRole('button', { name: /Ada Lovelace/ }).click();
  await page.getByRole('menuitem', { name: 'Sessions' }).click();
  await page.waitForURL('**/sessions');
  const rows = page.getByRole('row').filter({ hasText: 'Chrome on Linux' });
  await rows.nth(1).waitFor();
  expect(await rows.count()).toBe(2);
  expect(await rows.filter({ hasText: 'this session' }).count()).toBe(1);
  await ui.look(page, 'sessions');
  await page.getByLabel('Sessions of').selectOption('everyone');
  await page.getByRole('columnheader', { name: 'Who' }).waitFor();

  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.waitForURL('**/sign-in');
  await elsewhere.reload();
  await elsewhere.waitForURL('**/sign-in');
});

test('a person ends one of several sessions', async () => {
  const [page, other] = [await ui.signedIn('/sessions'), await ui.signedIn('/endpoints')];
  await page.reload();
  await page.getByRole('button', { name: 'End the session of Chrome on Linux' }).first().click();
  await page.getByText('Session ended', { exact: true }).waitFor();
  await other.reload();
  await other.waitForURL('**/sign-in');
  await page.reload();
  await page.getByText('this session').waitFor();
});

test('a person without a role sees the reason, and may sign in with a key instead', async () => {
  const page = await ui.open('/sign-in');
  await signInWithProvider(page, 'eve');
  await page.getByRole('alert').getByText('your account has no role in Signpost').waitFor();
  await ui.look(page, 'sign-in-no-role');
  await page.getByLabel('API key').fill(ADMIN_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Go to overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

test('a session of an API key asks for the key again before it reveals a secret', async () => {
  const { subscriptionId, secret } = await onboard(ui.service, ui.receiver.url('/key'));
  const page = await ui.signedIn(`/endpoints/${subscriptionId}?tab=secret`);
  await ui.service.database.db.query({
    text: "update sessions set authenticated_at = now() - interval '11 minutes'",
  });
  // The service looks a session up once a second, and later if the database is slow.
  await until(
    () => page.evaluate<number>(`fetch('/v1/subscriptions/${subscriptionId}/secret').then(({ status }) => status)`),
    (status) => status !== 200,
  );
  await page.getByRole('button', { name: 'Reveal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByLabel('API key').fill('not-the-key');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('API key').fill(ADMIN_KEY);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await page.getByText(secret).waitFor();
});
