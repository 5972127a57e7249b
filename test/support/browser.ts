import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RunOptions } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { fromSetup } from './environment';
import { startReceiver, type Receiver } from './receiver';
import { ADMIN_KEY } from './service';
import { until } from './until';
import { useService, type SharedService } from './use-service';

/** A list that is read again is paler until it has been. */
const IS_SETTLED = `document.querySelector('.table-stale') === null
  && document.getAnimations().every((one) => !(one instanceof CSSTransition) || one.playState === 'finished')`;

const SCREENS = path.join(__dirname, '..', '..', 'test-output', 'screens');
const WIDE = { width: 1360, height: 860 };
const LAPTOP = { width: 1280, height: 800 };
const TABLET = { width: 1024, height: 768 };
const NARROW = { width: 390, height: 844 };
/** Screenshots are for people, and take more time than all checks together. */
const TAKES_SCREENSHOTS = process.env.SIGNPOST_SCREENS === '1';
const ACTION_TIMEOUT_MS = 30_000;
/**
 * Returns the overflow of the page and of its elements in pixels, if the page scrolls sideways, and
 * lists and choices of selects that do not fit.
 */
const WHAT_STICKS_OUT = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const lists = [...document.querySelectorAll('.table-list')].flatMap((table) => [
    ...(table.scrollWidth > table.parentElement.clientWidth ? ['a list wider than its frame'] : []),
    ...[...table.querySelectorAll('th.cell-grow')]
      .filter((th) => getComputedStyle(th).display !== 'none' && th.clientWidth < 110)
      .map((th) => 'column ' + th.textContent + ' has only ' + th.clientWidth + ' px'),
  ]);
  const canvas = document.createElement('canvas').getContext('2d');
  for (const select of document.querySelectorAll('select')) {
    const { font, paddingLeft, paddingRight } = getComputedStyle(select);
    if (select.getClientRects().length === 0) continue;
    canvas.font = font;
    const room = select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    for (const { text } of select.options) {
      const px = Math.round(canvas.measureText(text).width - room);
      if (px > 0) lists.push('choice ' + text + ' is cut by ' + px + ' px');
    }
  }
  if (scrollWidth <= clientWidth) return lists;
  const elements = [...document.body.querySelectorAll('*')]
    .map((element) => [element, Math.round(element.getBoundingClientRect().right - clientWidth)])
    .filter(([, px]) => px > 0)
    .map(([element, px]) => element.tagName + '.' + (element.getAttribute('class') ?? '') + ': ' + px + ' px');
  return ['page: ' + (scrollWidth - clientWidth) + ' px', ...elements];
})()`;

/** The built service with a real browser. */
export interface Ui {
  service: SharedService;
  receiver: Receiver;
  /** Opens a window that nobody is signed in to, with its own cookies. */
  open(route?: string, options?: BrowserContextOptions): Promise<Page>;
  /**
   * Opens a window and signs in through the sign-in screen.
   *
   * @param credential - @default the admin key
   */
  signedIn(route?: string, credential?: string, options?: BrowserContextOptions): Promise<Page>;
  /**
   * Checks a screen against the accessibility rules (WCAG 2.2 A and AA, by axe) in light and dark.
   * At a width of 1280, 1024 and 390 pixels, the page must not scroll sideways, and no choice of a
   * select may be cut. With
   * `SIGNPOST_SCREENS=1`, takes screenshots: light, dark and narrow.
   */
  look(page: Page, name: string): Promise<void>;
}

/**
 * Registers the hooks that start and stop a service, a receiver and a browser around the tests of a
 * file.
 *
 * @param env - more settings for the service, read when it starts
 */
export function useUi(env: () => Record<string, string> = () => ({})): Ui {
  const ui: Partial<Ui> = { service: useService(({ uiUrl }) => ({ TEMPORAL_UI_URL: uiUrl, ...env() })) };
  const faults: string[] = [];
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];

  ui.open = async (route = '/', options = {}) => {
    const context = await browser!.newContext({
      baseURL: ui.service!.url,
      viewport: WIDE,
      colorScheme: 'light',
      timezoneId: 'UTC',
      ...options,
    });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(ACTION_TIMEOUT_MS);
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    // Violations of the content security policy are reported here, too.
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        faults.push(`${page.url()}: ${message.text()}`);
    });
    await page.goto(route);
    return page;
  };
  ui.signedIn = async (route = '/', credential = ADMIN_KEY, options = {}) => {
    const page = await ui.open!(route, options);
    await page.getByLabel('API key').fill(credential);
    await page.getByRole('button', { name: 'Sign in' }).click();
    // A drawer that the route opens hides the rest of the page from assistive technology.
    await page.getByRole('navigation', { name: 'Main', includeHidden: true }).waitFor();
    return page;
  };
  ui.look = look;

  beforeAll(async () => {
    ui.receiver = await startReceiver();
    // Containers and root cannot use the sandbox. Only our own pages are opened.
    browser = await chromium.launch({ executablePath: fromSetup('chromium'), args: ['--no-sandbox'] });
  });
  afterEach(async () => {
    for (const context of contexts) await context.close();
    contexts = [];
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await ui.receiver?.close();
  });
  return ui as Ui;
}

/**
 * Points at the chart of the overview until its tooltip has a text. A chart that is drawn again
 * under a pointer at rest shows no tooltip.
 */
export async function pointAtChart(page: Page, text: string): Promise<void> {
  await until(
    async () => {
      await page.locator('[data-chart]').hover();
      return page.locator('[data-chart-tooltip]').getByText(text).isVisible();
    },
    (isShown) => isShown,
  );
}

async function look(page: Page, name: string): Promise<void> {
  const keep = async (kind: string) => {
    if (!TAKES_SCREENSHOTS) return;
    mkdirSync(SCREENS, { recursive: true });
    await page.screenshot({ path: path.join(SCREENS, `${name}-${kind}.png`), fullPage: true, animations: 'disabled' });
  };
  const before = page.viewportSize()!;
  await until(
    () => page.evaluate<boolean>(IS_SETTLED),
    (isSettled) => isSettled,
  );
  await keep('light');
  await expectAccessible(page, `${name}, light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await keep('dark');
  // Only the colours differ from the light screen.
  await expectAccessible(page, `${name}, dark`, ['color-contrast']);
  await page.emulateMedia({ colorScheme: 'light' });
  for (const size of [LAPTOP, TABLET, NARROW]) {
    await page.setViewportSize(size);
    await page.evaluate(TWO_FRAMES);
    if (size === NARROW) await keep('narrow');
    const seen = { screen: name, width: size.width, sticksOut: await page.evaluate(WHAT_STICKS_OUT) };
    expect(seen).toEqual({ ...seen, sticksOut: [] });
  }
  await page.setViewportSize(before);
}

/** A page learns of its new size in the next frame, and draws in the one after it. */
const TWO_FRAMES = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';

/** Colours change gradually after a switch to dark. Halfway, they have too little contrast. */
const TRANSITIONS_END = `Promise.all(
  document.getAnimations()
    .filter((animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime))
    .map((animation) => animation.finished.catch(() => undefined)),
)`;

/** The accessibility checker. A page gets it once: its 580 KB take as long as a check. */
const AXE_SOURCE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const WCAG_2_2_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** @param rules only these, or all for WCAG 2.2 AA */
async function expectAccessible(page: Page, screen: string, rules?: string[]): Promise<void> {
  await page.evaluate(TRANSITIONS_END);
  if (!(await page.evaluate('typeof window.axe === "object"'))) await page.evaluate(AXE_SOURCE);
  const options: RunOptions = {
    runOnly: rules ? { type: 'rule', values: rules } : { type: 'tag', values: WCAG_2_2_AA },
    // Only violations are read, and these rules do not read style sheets of other origins.
    reporter: 'no-passes',
    resultTypes: ['violations'],
    preload: false,
  };
  const described = await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`,
  );
  expect({ screen, violations: described }).toEqual({ screen, violations: [] });
}
