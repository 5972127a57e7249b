import { useUi } from '../support/browser';

/** Pages beside the web UI. The content security policy must not break them. */
const ui = useUi();

it('the API reference shows its operations', async () => {
  const page = await ui.open('/docs');
  await page.getByText('/v1/events/batch').first().waitFor();
  await page.getByText('/v1/events/batch').first().click();
  await page.getByRole('button', { name: 'Try it out' }).first().waitFor();
});

it.each([
  ['/docs/errors', 'Problem codes'],
  ['/secret', 'Your webhook secret'],
])('%s has its heading', async (path, heading) => {
  const page = await ui.open(path);
  await page.getByRole('heading', { name: heading }).waitFor();
});
