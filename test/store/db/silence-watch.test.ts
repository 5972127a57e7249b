import { within } from '../../../src/process/time-limit';
import { commitProbeOf, probeOf, type Probe } from '../../../src/store/db/silence-probes';
import { SilenceWatch, WritesWatch } from '../../../src/store/db/silence-watch';
import { createTestDatabase } from '../../support/database';
import { fromSetup } from '../../support/environment';
import { startTcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';

/** When a caller is given up: 3 s without an answer, and 3 s for the probe, in steps of 0.5 s. */
const LATEST_MS = 7000;

let probes: { answer(): void }[];
let watch: SilenceWatch;

beforeEach(() => {
  jest.useFakeTimers();
  probes = [];
  watch = new SilenceWatch(probeInto(probes, 3000));
});
afterEach(() => jest.useRealTimers());

/** Probes that a test answers. */
function probeInto(asked: { answer(): void }[], limitMs: number): Probe {
  return () =>
    within(limitMs, new Promise<boolean>((resolve) => asked.push({ answer: () => resolve(true) })), () => false);
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** A caller that waits until it is given up. */
function wait(): { isOver: boolean; end(): void } {
  const caller = { isOver: false, end: () => watch.end(giveUp) };
  function giveUp(): void {
    caller.isOver = true;
    watch.end(giveUp);
  }
  watch.begin(giveUp);
  return caller;
}

it('gives up all callers when nothing is answered, and refuses new ones', async () => {
  await pass(60_000);
  const callers = [wait(), wait()];
  await pass(2500);
  expect(probes).toHaveLength(0);
  await pass(LATEST_MS - 2500);
  expect(callers.map(({ isOver }) => isOver)).toEqual([true, true]);
  expect(watch.isSilent()).toBe(true);
});

it('lets a long statement go on if the probe gets an answer', async () => {
  const caller = wait();
  for (let seconds = 0; seconds < 60; seconds++) {
    await pass(1000);
    probes.at(-1)?.answer();
  }
  expect(caller.isOver).toBe(false);
  expect(probes.length).toBeGreaterThan(10);
});

it('sends no probe while statements of other callers are answered', async () => {
  const caller = wait();
  for (let seconds = 0; seconds < 60; seconds++) {
    await pass(1000);
    watch.answered();
  }
  expect(caller.isOver).toBe(false);
  expect(probes).toHaveLength(0);
});

it('takes an answer to another caller during a probe as one', async () => {
  const caller = wait();
  await pass(4000);
  expect(probes).toHaveLength(1);
  watch.answered();
  await pass(4000);
  expect(caller.isOver).toBe(false);
});

it('lets callers through again when a probe is answered', async () => {
  wait();
  await pass(LATEST_MS);
  for (let seconds = 0; seconds < 30; seconds++) {
    expect(watch.isSilent()).toBe(true);
    await pass(1000);
  }
  probes.at(-1)!.answer();
  await pass(0);
  expect(watch.isSilent()).toBe(false);
});

it('ends its probes when nobody calls', async () => {
  wait();
  await pass(60_000);
  expect(watch.isSilent()).toBe(false);
  const { length } = probes;
  await pass(60_000);
  expect(probes).toHaveLength(length);
  // The next caller waits, and is given up as the first one was.
  const next = wait();
  await pass(LATEST_MS);
  expect(next.isOver).toBe(true);
});

it('sends no probe for callers that got their answers', async () => {
  wait().end();
  await pass(60_000);
  expect(probes).toHaveLength(0);
});

it('probes for the oldest caller, however many come and go meanwhile', async () => {
  const oldest = wait();
  await pass(2000);
  wait();
  await pass(LATEST_MS - 2000);
  expect(oldest.isOver).toBe(true);
});

describe('of pools that write', () => {
  let writes: WritesWatch;
  let commits: { answer(): void }[];

  beforeEach(() => {
    commits = [];
    writes = new WritesWatch(watch, probeInto(commits, 5000));
  });

  /** A caller that waits for a commit while statements of others are answered. */
  async function waitFor(ms: number): Promise<{ isOver: boolean }> {
    const caller = { isOver: false };
    const giveUp = () => {
      caller.isOver = true;
      writes.end(giveUp);
    };
    writes.begin(giveUp);
    for (let passed = 0; passed < ms; passed += 1000) {
      await pass(1000);
      writes.answered();
    }
    return caller;
  }

  it('gives up callers if nothing is committed, although statements are answered', async () => {
    // 3 s of waiting, 5 s for the probe, in steps of 0.5 s.
    expect(await waitFor(9000)).toEqual({ isOver: true });
    expect(writes.isSilent()).toBe(true);
    expect(watch.isSilent()).toBe(false);
    expect(probes).toHaveLength(0);
    commits.at(-1)!.answer();
    await pass(0);
    expect(writes.isSilent()).toBe(false);
  });

  it('lets a caller wait while a probe can commit', async () => {
    const waiting = waitFor(20_000);
    const answering = setInterval(() => commits.at(-1)?.answer(), 1000);
    expect(await waiting).toEqual({ isOver: false });
    clearInterval(answering);
    expect(writes.isSilent()).toBe(false);
  });

  it('is silent when Postgres answers nothing at all', async () => {
    const caller = { isOver: false };
    const giveUp = () => {
      caller.isOver = true;
      writes.end(giveUp);
    };
    writes.begin(giveUp);
    await pass(LATEST_MS);
    expect(caller.isOver).toBe(true);
    expect(writes.isSilent()).toBe(true);
  });
});

it('asks for a commit, and takes silence as none', async () => {
  jest.useRealTimers();
  const proxy = await startTcpProxy(fromSetup('postgres'));
  const probe = commitProbeOf(proxy.url);
  expect(await probe()).toBe(true);
  proxy.hang();
  expect(await probe()).toBe(false);
  await proxy.stop();
  // A refused connection is an answer.
  expect(await probe()).toBe(true);
});

it('leaves no connection after a probe that Postgres refused', async () => {
  jest.useRealTimers();
  const test = await createTestDatabase();
  const { db } = test;
  await db.query({ text: 'create schema broken' });
  await db.query({
    text: `create function broken.pg_logical_emit_message(boolean, text, text) returns text language plpgsql
           as $$ begin raise exception 'refused'; end $$`,
  });
  const url = new URL(test.url);
  url.searchParams.set('options', '-c search_path=broken,pg_catalog');
  expect(await commitProbeOf(url.href)()).toBe(true);
  await until(
    () =>
      db.query({
        text: "select from pg_stat_activity where application_name = 'signpost-probe' and datname = current_database()",
      }),
    ({ rows }) => rows.length === 0,
  );
  await test.drop();
});

it('takes any answer of Postgres to a probe as one, and silence as none', async () => {
  jest.useRealTimers();
  const proxy = await startTcpProxy(fromSetup('postgres'));
  const refused = new URL(proxy.url);
  refused.port = '1';
  const unknown = new URL(proxy.url);
  unknown.pathname = '/no-such-database';
  expect(await Promise.all([proxy.url, refused.href, unknown.href].map((url) => probeOf(url)()))).toEqual([
    true,
    true,
    true,
  ]);
  proxy.hang();
  expect(await probeOf(proxy.url)()).toBe(false);
  await proxy.stop();
});

it('takes the answers that a busy process reads late as answers', async () => {
  jest.useRealTimers();
  const database = await createTestDatabase();
  // To connect takes several answers, and each is read only after another turn of the event loop.
  const busy = setInterval(() => {
    const until = performance.now() + 1200;
    while (performance.now() < until);
  }, 1);
  try {
    expect(await probeOf(database.url)()).toBe(true);
  } finally {
    clearInterval(busy);
  }
  await database.drop();
});
