import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ComposeError, type Composition } from '../../src/domain/composing';
import { createMetrics } from '../../src/process/metrics';
import { insist, startTestComposer, type TestComposer } from '../support/composer';
import { until } from '../support/until';

/** Expressions that try to outlive their evaluation, or to spend another tenant's time. */
let composer: TestComposer;
beforeEach(() => {
  composer = startTestComposer();
});
afterEach(() => composer.close());

const jsonata = (expression: string) => ({ language: 'jsonata' as const, expression });
const OPERATORS = '$ ~> |$|{}, ["internal"]|';
const DATA = '{"public":1,"internal":"S3CRET"}';

/** Replaces the built-in that JSONata's own update operator copies its input with. */
const REPLACES_CLONE = `( $g := function($h){ $ ~> | $clone | {"implementation": $h}, ["signature"] | };
  $g(function($o){ $merge([$o, {"leak": $string($o)}]) }); {"ok": true} )`;
const REPLACES_STRING = `( $ ~> | $string | {"implementation": function($x){ "owned" }}, ["signature"] |; {"ok": true} )`;

/**
 * Answers immediately and goes on computing: `$merge` does not wait for a callback that its input
 * brings along.
 */
const LEAVES_WORK = `( $m := $merge; $ ~> | $m | {}, ["_jsonata_function","signature"] |; $impl := $m.implementation;
  $go := function($c){ ( $o := {"forEach": $c}; $impl($o) ) }; $spin := function($n){ $n > 0 ? $spin($n - 1) : 0 };
  $r := $go(function(){ $spin(1000000000) }); {"ok": true} )`;

function composition(overrides: Partial<Composition> = {}): Composition {
  const event = {
    id: 'evt_1',
    type: 'a.v1',
    timestamp: new Date().toISOString(),
    data: DATA,
    user: null,
    channels: [],
    chosenByCustomer: false,
  };
  return {
    event,
    customerId: 'c-1',
    definition: null,
    transform: null,
    secret: () => 'mySecret',
    owner: { customer: 'c-1', subscription: 'sub_1' },
    ...overrides,
  };
}
async function evaluate(
  expression: string,
  customer = 'c-1',
  subscription = `sub of ${customer}`,
  data = DATA,
  withinMs = 5000,
): Promise<string> {
  const owner = { customer, subscription };
  const event = { ...composition().event, data };
  return (await composer.compose(composition({ event, transform: jsonata(expression), owner }), withinMs)).data;
}
const definition = { steps: [], transform: jsonata(OPERATORS) };
const operators = async () => (await composer.compose(composition({ definition }), 5000)).data;

describe('an expression that replaces a built-in function', () => {
  it.each([
    ['$clone', REPLACES_CLONE],
    ['$string', REPLACES_STRING],
  ])('does not change %s for the next evaluation of its own subscription', async (_, hostile) => {
    // Twice as often as there are processes.
    for (let time = 0; time < 4; time++) await insist(() => evaluate(hostile));
    expect(await insist(() => evaluate(OPERATORS))).toBe('{"public":1}');
    expect(await insist(() => evaluate('{"text": $string(public)}'))).toBe('{"text":"1"}');
  });

  it("does not change it for the operator's transform that runs next", async () => {
    for (let time = 0; time < 4; time++) await insist(() => evaluate(REPLACES_CLONE));
    expect(await insist(operators)).toBe('{"public":1}');
  });

  it("does not see what the operator's transform, which ran just before, left out", async () => {
    const transform = jsonata(REPLACES_CLONE.replace('{"ok": true}', '($ ~> |$|{}|)'));
    for (let time = 0; time < 4; time++) {
      const both = await insist(() => composer.compose(composition({ definition, transform }), 5000)).catch(
        (error: unknown) => error,
      );
      if (!(both instanceof ComposeError)) expect((both as { data: string }).data).not.toContain('S3CRET');
      expect(await insist(operators)).toBe('{"public":1}');
    }
  });
});

describe('an expression that leaves work behind', () => {
  it('fails for it, and fails no other evaluation', async () => {
    for (let time = 0; time < 5; time++) {
      await expect(insist(() => evaluate(LEAVES_WORK, 'hostile'))).rejects.toThrow('takes longer than 500 ms');
      expect(await insist(() => evaluate('{"x": public + 1}', 'victim'))).toBe('{"x":2}');
    }
  });

  it('fails no other evaluation that waits for its process', async () => {
    composer = startTestComposer({}, { processes: 1 });
    const hostile = [1, 2, 3].map(() => evaluate(LEAVES_WORK, 'hostile').catch(() => undefined));
    const victims = ['a', 'b', 'c'].map((customer) => insist(() => evaluate('{"x": public + 1}', customer)));
    expect(await Promise.all(victims)).toEqual(Array(3).fill('{"x":2}'));
    await Promise.all(hostile);
  });

  it('changes nothing by a rejection that nobody handles', async () => {
    const rejects = LEAVES_WORK.replace('$spin(1000000000)', '$error("late")');
    for (let time = 0; time < 5; time++) {
      expect(await insist(() => evaluate(rejects, 'hostile'))).toBe('{"ok":true}');
      expect(await insist(() => evaluate('{"x": public + 1}', 'victim'))).toBe('{"x":2}');
    }
  });
});

const LOOP = '($f := function($n){ $f($n + 1) }; {"a": $f(0)})';

describe('turns', () => {
  it('serve another customer before the second of three endless evaluations begins', async () => {
    // Time enough for an expression that ends, on a busy machine.
    composer = startTestComposer({}, { timeoutMs: 2000 });
    await insist(() => evaluate('{}', 'warm'));
    const done: string[] = [];
    const hostile = [1, 2, 3].map((number) =>
      evaluate(LOOP, 'hostile', `s${number}`).catch(() => done.push('hostile')),
    );
    await Promise.all([1, 2].map(() => evaluate('{}', 'friendly').then(() => done.push('friendly'))));
    expect(done.filter((who) => who === 'hostile').length).toBeLessThanOrEqual(1);
    await Promise.all(hostile);
  });

  it('leave a process to quick customers, however many slow ones there are', async () => {
    composer = startTestComposer({}, { processes: 2, maxWaiting: 256 });
    await insist(() => evaluate('{}', 'warm'));
    let ended = 0;
    const hostile = Array.from({ length: 24 }, (_, number) =>
      evaluate(LOOP, `hostile ${number % 3}`, 's', DATA, 5000)
        .catch(nameOf)
        .finally(() => (ended += 1)),
    );
    // Each has a first turn, before it is known to be slow.
    await until(
      async () => ended,
      (count) => count >= 3,
    );
    const before = ended;
    for (let time = 0; time < 20; time++)
      expect(await insist(() => evaluate('{"x": public + 1}', 'friendly'))).toBe('{"x":2}');
    // One after the other, each would have waited for one of those.
    expect(ended - before).toBeLessThan(12);
    await Promise.all(hostile);
  });

  it('go by the time that customers have used', async () => {
    composer = startTestComposer({}, { processes: 1, maxWaiting: 256 });
    await insist(() => evaluate('{}', 'warm'));
    const done: string[] = [];
    const hostile = [1, 2, 3, 4].map((number) =>
      evaluate(LOOP, `hostile ${number % 2}`, 's', DATA, 10_000)
        .catch(nameOf)
        .finally(() => done.push('hostile')),
    );
    const friendly = Array.from({ length: 10 }, () => evaluate('{}', 'friendly').then(() => done.push('friendly')));
    await Promise.all([...friendly, ...hostile]);
    // All of them in the time of one turn of a hostile one.
    expect(done.lastIndexOf('friendly') - done.indexOf('friendly')).toBe(9);
  });

  it('serve the subscriptions of a customer alternately', async () => {
    composer = startTestComposer({}, { processes: 1, timeoutMs: 5000 });
    await insist(() => evaluate('{}', 'warm'));
    const done: string[] = [];
    const of = (subscription: string) => evaluate('{}', 'c-1', subscription).then(() => done.push(subscription));
    await Promise.all(['a', 'a', 'a', 'b', 'b'].map(of));
    // The first begins before there is another. The turn after it may be of either.
    expect(['aabab', 'ababa']).toContain(done.join(''));
  });
});

describe('a queue that is full', () => {
  it('refuses the customer that fills it and serves the others', async () => {
    composer = startTestComposer({}, { processes: 1, maxWaiting: 16, timeoutMs: 200 });
    const hostile = Array.from({ length: 40 }, (_, number) => evaluate(LOOP, 'hostile', `s${number}`).catch(nameOf));
    const friendly = [1, 2, 3].map((number) => insist(() => evaluate('{"x": public + 1}', `friendly ${number}`)));
    expect(await Promise.all(friendly)).toEqual(Array(3).fill('{"x":2}'));
    const outcomes = await Promise.all(hostile);
    expect(outcomes.filter((name) => name === 'ComposerBusyError').length).toBeGreaterThanOrEqual(23);
    // On a busy machine, those that had a turn may be refused as well: the processor had no time.
    for (const outcome of outcomes) expect(['ComposerBusyError', 'ComposeError']).toContain(outcome);
  });

  it('counts large data as more', async () => {
    composer = startTestComposer({}, { processes: 1, maxWaiting: 16, timeoutMs: 200 });
    const endless = evaluate(LOOP, 'endless').catch(nameOf);
    const large = JSON.stringify({ text: 'x'.repeat(250_000) });
    let refused = 0;
    const big = Array.from({ length: 6 }, () => evaluate('{}', 'large', 's', large).catch(() => (refused += 1)));
    const small = insist(() => evaluate('{}', 'small'));
    await until(
      async () => refused,
      (count) => count >= 3,
    );
    // The others wait for their turn.
    expect(refused).toBe(3);
    expect(await small).toBe('{}');
    await Promise.all([...big, endless]);
  });
});

it('an evaluation that gets no turn in time is refused, not failed', async () => {
  composer = startTestComposer({}, { processes: 1 });
  let ended = 0;
  const endless = Array.from({ length: 8 }, (_, number) =>
    evaluate(LOOP, `endless ${number}`)
      .catch(nameOf)
      .finally(() => (ended += 1)),
  );
  expect(await evaluate('{}', 'c-1', 's', DATA, 2000).catch(nameOf)).toBe('ComposerBusyError');
  expect(ended).toBeLessThan(endless.length);
  await Promise.all(endless);
});

it('an evaluation gets no more time than its attempt has left', async () => {
  await insist(() => evaluate('{}'));
  await expect(insist(() => evaluate(LOOP, 'c-1', 's', DATA, 200))).rejects.toThrow(/takes longer than 200 ms/);
});

it('an evaluation whose process was ended from outside is made again', async () => {
  composer = startTestComposer({}, { timeoutMs: 10_000 });
  await insist(() => evaluate('{}'));
  const running = evaluate('{"n": $count([1..60000].($ * 2))}', 'c-1', 's', DATA, 30_000);
  await sleep(50);
  for (const pid of evaluatingProcesses()) process.kill(Number(pid), 'SIGKILL');
  expect(await running).toBe('{"n":60000}');
});

it('an evaluation that the processor had no time for is refused, not failed', async () => {
  composer = startTestComposer({}, { timeoutMs: 2000 });
  await insist(() => evaluate('{}'));
  for (const pid of evaluatingProcesses()) process.kill(Number(pid), 'SIGSTOP');
  const running = evaluate(LOOP, 'c-1', 's', DATA, 10_000).catch(nameOf);
  await sleep(2100);
  for (const pid of evaluatingProcesses()) process.kill(Number(pid), 'SIGCONT');
  expect(await running).toBe('ComposerBusyError');
});

it('reports what is in use, waiting and refused', async () => {
  const metrics = createMetrics();
  composer = startTestComposer({}, { processes: 1, maxWaiting: 16, timeoutMs: 200, metrics });
  const all = Array.from({ length: 20 }, () => evaluate(LOOP).catch(nameOf));
  const text = await metrics.registry.metrics();
  expect(text).toContain('signpost_transforms_in_use{kind="delivery"} 1');
  expect(text).toContain('signpost_transforms_waiting{kind="delivery"} 16');
  expect(text).toContain('signpost_transforms_refused_total{kind="delivery"} 3');
  await Promise.all(all);
  await until(
    () => metrics.registry.metrics(),
    (seen) => seen.includes('signpost_transforms_in_use{kind="delivery"} 0'),
  );
  expect(await metrics.registry.metrics()).toContain('signpost_transforms_waiting{kind="delivery"} 0');
});

describe('the processes', () => {
  it('have no environment', async () => {
    await insist(() => evaluate('{}'));
    const pids = evaluatingProcesses();
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) {
      const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
      const names = entries.map((entry) => entry.split('=')[0]);
      expect(names.filter((name) => !name?.startsWith('NODE_CHANNEL_'))).toEqual([]);
    }
  });

  it.each([
    ['delivery', Math.min(19, getPriority() + 5)],
    ['dry-run', Math.min(19, getPriority() + 10)],
  ] as const)('of the kind %s have niceness %i', async (kind, niceness) => {
    composer = startTestComposer({}, { kind });
    await insist(() => evaluate('{}'));
    const pids = evaluatingProcesses();
    expect(pids.length).toBeGreaterThan(0);
    expect(getPriority(Number(pids.at(-1)))).toBe(niceness);
  });

  it('may not read files', async () => {
    await insist(() => evaluate('{}'));
    for (const pid of evaluatingProcesses())
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/--(experimental-)?permission\0/);
  });
});

/** Children of this process that run transform-child. */
function evaluatingProcesses(): string[] {
  const read = (file: string) => readFileSync(`/proc/${file}`, 'utf8');
  const children = read(`${process.pid}/task/${process.pid}/children`).trim().split(' ').filter(Boolean);
  return children.filter((pid) => read(`${pid}/cmdline`).includes('transform-child'));
}

const nameOf = (error: Error) => error.name;
