/**
 * `npm run lighthouse`: measures the sign-in page, the overview and the logs with Lighthouse, as on
 * a desktop computer and as on a phone, and the longest main-thread task while 5,000 rows load and
 * scroll. It starts a service of its own with data. Each figure is the median of three runs. Ends
 * with 1 if a figure misses its target.
 */
import { loadavg } from 'node:os';
import chromiumBinary from '@sparticuz/chromium';
import lighthouse, { desktopConfig } from 'lighthouse';
import { chromium } from 'playwright-core';
import { ADMIN_KEY, startShowcase } from './showcase.mjs';
import { checkNode, ensureBuilt, ensureInstalled } from './toolchain.mjs';

const RUNS = Number(process.argv[2] ?? 3);
const TRAFFIC_MS = 20_000;
const SCREENS = { 'Sign-in': '/sign-in', Overview: '/', Logs: '/logs' };
const DEVICES = {
  desktop: { config: desktopConfig, performance: 95 },
  mobile: { config: undefined, performance: 90 },
};
const ACCESSIBILITY = 100;
/** Of compressed content, with an empty cache. */
const LOAD_LIMIT_KB = { 'Sign-in': 80, Overview: 160 };
const ROWS = 5000;
const LONGEST_TASK_MS = 50;
const MAX_STEPS = 5000;
/** Of the browser, where Lighthouse connects. */
const PORT = 9333;

checkNode();
ensureInstalled();
ensureBuilt();
const showcase = await startShowcase();
const browser = await chromium.launch({
  executablePath: await chromiumBinary.executablePath(),
  args: ['--no-sandbox', `--remote-debugging-port=${PORT}`],
});
const misses = [];
try {
  await showcase.traffic(Date.now() + TRAFFIC_MS);
  const session = await signIn();
  const rows = [];
  for (const [screen, route] of Object.entries(SCREENS))
    for (const device of Object.keys(DEVICES)) rows.push(await measure(screen, route, device, session.cookie));
  console.log(`${new Date().toISOString()}, median of ${RUNS}, load of the machine ${load()}`);
  console.table(rows);
  await showcase.addHeld(ROWS);
  const step = await longestTask(session.state, `/logs?subscriptionId=${showcase.endpoints.disabled.id}`);
  console.log(`Longest task, load of the machine ${load()}:`);
  console.table([step]);
  expectAtMost(`longest task while ${ROWS} rows load`, step['loading, ms'], LONGEST_TASK_MS);
  expectAtMost(`longest task while ${ROWS} rows scroll`, step['scrolling, ms'], LONGEST_TASK_MS);
} finally {
  await browser.close();
  await showcase.stop();
}
if (misses.length > 0) console.error(`Targets missed:\n  ${misses.join('\n  ')}`);
process.exit(misses.length > 0 ? 1 : 0);

/** Signs in as a person does, and returns the session for Lighthouse and for other windows. */
async function signIn() {
  const context = await browser.newContext({ baseURL: showcase.url });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await page.getByLabel('API key').fill(ADMIN_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  const cookies = await context.cookies();
  const state = await context.storageState();
  await context.close();
  return { state, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
}

/** Measures a screen on a device, with an empty cache each time. */
async function measure(screen, route, device, cookie) {
  const { config, performance } = DEVICES[device];
  const runs = [];
  for (let run = 0; run < RUNS; run++) {
    const { lhr } = await lighthouse(
      showcase.url + route,
      {
        port: PORT,
        logLevel: 'error',
        onlyCategories: ['performance', 'accessibility'],
        extraHeaders: route === '/sign-in' ? undefined : { cookie },
      },
      config,
    );
    if (lhr.runtimeError) throw new Error(`${screen}: ${lhr.runtimeError.message}`);
    runs.push(figuresOf(lhr));
  }
  const figures = Object.fromEntries(
    Object.keys(runs[0]).map((name) => [name, median(runs.map((figuresOfRun) => figuresOfRun[name]))]),
  );
  const what = `${screen}, ${device}`;
  expectAtLeast(`performance of ${what}`, figures.performance, performance);
  expectAtLeast(`accessibility of ${what}`, figures.accessibility, ACCESSIBILITY);
  if (LOAD_LIMIT_KB[screen]) expectAtMost(`transfer of ${what}, kB`, figures.kB, LOAD_LIMIT_KB[screen]);
  console.log(`${what}: ${runs.map((run) => run.performance).join(', ')}`);
  return { screen, device, ...figures };
}

function figuresOf({ categories, audits }) {
  return {
    performance: Math.round(categories.performance.score * 100),
    accessibility: Math.round(categories.accessibility.score * 100),
    'FCP, ms': Math.round(audits['first-contentful-paint'].numericValue),
    'LCP, ms': Math.round(audits['largest-contentful-paint'].numericValue),
    'TBT, ms': Math.round(audits['total-blocking-time'].numericValue),
    CLS: Math.round(audits['cumulative-layout-shift'].numericValue * 1000) / 1000,
    kB: Math.round(audits['total-byte-weight'].numericValue / 100) / 10,
  };
}

/** The longest tasks of the main thread while a long list is read to its end and then scrolled. */
async function longestTask(storageState, route) {
  const longest = { loading: [], scrolling: [] };
  for (let run = 0; run < RUNS; run++) {
    const context = await browser.newContext({ baseURL: showcase.url, storageState });
    const page = await context.newPage();
    await page.addInitScript(() => {
      globalThis.tasks = [];
      new globalThis.PerformanceObserver((list) =>
        globalThis.tasks.push(...list.getEntries().map(({ duration }) => duration)),
      ).observe({ type: 'longtask' });
    });
    await page.goto(route);
    await page.getByText('50 loaded, scroll for more').waitFor();
    // The start of the page is measured by Lighthouse.
    await takeLongest(page);
    await scroll(page, (rows) => rows >= ROWS);
    longest.loading.push(await takeLongest(page));
    await page.evaluate(() => globalThis.scrollTo(0, 0));
    await takeLongest(page);
    await scroll(page, (_rows, steps) => steps >= 200);
    longest.scrolling.push(await takeLongest(page));
    await context.close();
  }
  return {
    rows: ROWS,
    'loading, ms': median(longest.loading),
    'scrolling, ms': median(longest.scrolling),
    runs: RUNS,
  };
}

/** Returns the longest task since the last call; 0 if none took 50 ms or more. */
function takeLongest(page) {
  return page.evaluate(() => Math.round(Math.max(0, ...globalThis.tasks.splice(0))));
}

/** Scrolls by half a screen a frame, until enough rows are loaded or steps are done. */
async function scroll(page, isDone) {
  for (let steps = 0; ; steps++) {
    const rows = await page.evaluate(async () => {
      globalThis.scrollBy(0, globalThis.innerHeight / 2);
      await new Promise((done) => globalThis.requestAnimationFrame(() => globalThis.requestAnimationFrame(done)));
      return Number.parseInt(globalThis.document.querySelector('.table-foot').textContent, 10);
    });
    if (isDone(rows || 0, steps)) return;
    if (steps > MAX_STEPS) throw new Error(`Only ${rows} rows after ${steps} steps.`);
  }
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function load() {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
}

function expectAtLeast(what, value, target) {
  if (value < target) misses.push(`${what}: ${value}, at least ${target}`);
}

function expectAtMost(what, value, target) {
  if (value > target) misses.push(`${what}: ${value}, at most ${target}`);
}
