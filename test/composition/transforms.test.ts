import { ComposeError, ComposerBusyError, type Composition } from '../../src/domain/composing';
import { insist, startTestComposer, type TestComposer } from '../support/composer';

/** Expressions, friendly and hostile, in the real processes. */
let composer: TestComposer;
/** For what takes memory: how long that takes depends on the machine. */
let patient: TestComposer;
beforeAll(() => {
  composer = startTestComposer();
  patient = startTestComposer({}, { timeoutMs: 10_000 });
});
afterAll(() => Promise.all([composer?.close(), patient?.close()]));

const DATA = '{"paymentId":"P-1","amount":125.5,"lines":[{"n":1},{"n":2}],"card":"4111-secret"}';
const jsonata = (expression: string) => ({ language: 'jsonata' as const, expression });

function composition(overrides: Partial<Composition> = {}): Composition {
  return {
    event: {
      id: 'evt_1',
      type: 'payment.confirmed.v1',
      occurredAt: new Date('2026-01-31T12:00:00Z'),
      data: DATA,
      user: '{"id":7}',
      channels: ['a'],
    },
    customerId: 'c-1',
    definition: null,
    transform: null,
    secret: () => 'mySecret',
    owner: { customer: 'c-1', subscription: 'sub_1' },
    ...overrides,
  };
}
const run = (expression: string, { by = composer } = {}) =>
  insist(() => by.compose(composition({ transform: jsonata(expression) }), 30_000));
async function faultOf(expression: string, options?: Parameters<typeof run>[1]): Promise<ComposeError> {
  try {
    await run(expression, options);
  } catch (error) {
    if (error instanceof ComposeError) return error;
    throw error;
  }
  throw new Error('it was composed');
}

describe('a transform', () => {
  it('makes an object out of the data, in the order that it is written in', async () => {
    expect(await run('{"sum": $sum(lines.n), "id": paymentId}')).toEqual({
      data: '{"sum":3,"id":"P-1"}',
      whole: false,
      holdsSecret: false,
    });
  });

  it('knows the event as $event', async () => {
    expect(JSON.parse((await run('{"event": $event}')).data)).toEqual({
      event: {
        id: 'evt_1',
        type: 'payment.confirmed.v1',
        timestamp: '2026-01-31T12:00:00.000Z',
        customerId: 'c-1',
        channels: ['a'],
        user: { id: 7 },
      },
    });
  });

  it("works on what the event type's own transform gives, and sees nothing that it leaves out", async () => {
    const definition = { steps: [], transform: jsonata('{"id": $data.paymentId & "!"}') };
    const transform = jsonata('{"input": $, "left": $exists($data), "card": $exists($event.data)}');
    expect(await composer.compose(composition({ definition, transform }), 5000)).toEqual({
      data: '{"input":{"id":"P-1!"},"left":false,"card":false}',
      whole: true,
      holdsSecret: false,
    });
  });

  it.each([
    ['nosuch', 'the transform gives nothing'],
    ['null', 'the transform gives nothing'],
    ['lines', 'the transform gives something else than an object'],
    ['"text"', 'the transform gives something else than an object'],
    ['function($x){$x}', 'the transform gives something else than an object'],
    ['$uppercase', 'the transform gives something else than an object'],
    ['{"a": $pad("", 300000, "x")}', 'the transform gives more than 256 KiB'],
    ['{"a":\n  $number(card)}', 'the transform fails at line 2, column 10 (JSONata D3030)'],
  ])('that is %j fails: %s', async (expression, message) => {
    expect((await faultOf(expression)).message).toBe(message);
  });

  it('tells of the data only whoever may know it', async () => {
    const fault = await faultOf('{"a": $number(card)}');
    expect(fault.message).not.toContain('4111-secret');
    expect(fault.inFull).toContain('4111-secret');
    expect((await faultOf('$error(card)')).message).toBe('the transform fails at line 1, column 7 (JSONata D3137)');
  });

  it('leaves functions out of its result', async () => {
    expect((await run('{"f": function($x){$x}, "g": $sum, "a": 1}')).data).toBe('{"a":1}');
  });
});

describe('a hostile transform', () => {
  it.each([
    ['recurses without end', '($f := function($n){ 1 + $f($n + 1) }; {"a": $f(0)})', /JSONata D1011/],
    ['loops without end', '($f := function($n){ $f($n + 1) }; {"a": $f(0)})', /takes longer than 500 ms/],
    ['loops in a regular expression', '{"a": $match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", /^(a+)+$/)}', /500 ms/],
    ['counts to ten million', '{"a": [1..9999999]}', /JSONata D2015/],
    ['is nested ten thousand deep', `{"a": ${'['.repeat(5000)}${']'.repeat(5000)}}`, /memory or depth/],
  ])('that %s fails, and the next one works', async (_, expression, message) => {
    expect((await faultOf(expression)).message).toMatch(message);
    expect(await run('{"id": paymentId}')).toMatchObject({ data: '{"id":"P-1"}' });
  });

  it.each([
    ['doubles a text', '($f := function($s){ $f($s & $s) }; {"a": $f("xxxxxxxxxx")})', /memory/],
    ['fills the memory with one text', '{"a": $length($pad("", 400000000))}', /64 MB of memory/],
    // The one that Node's default limit lets pass.
    ['fills the memory with 80 MB', '{"a": $length($pad("", 10000000))}', /64 MB of memory/],
    ['fills the memory with small ones', '{"a": $count($split($pad("", 200000000, "a,"), ","))}', /64 MB of memory/],
  ])('that %s fails for its memory, and the next one works', async (_, expression, message) => {
    expect((await faultOf(expression, { by: patient })).message).toMatch(message);
    expect(await run('{"id": paymentId}', { by: patient })).toMatchObject({ data: '{"id":"P-1"}' });
  });

  it.each([
    'process',
    'require',
    'globalThis',
    '$eval("1").constructor',
    '$string.constructor("return process")()',
    '$.__proto__.constructor',
    '$lookup($, "constructor")',
  ])('reaches nothing by %s', async (expression) => {
    const composed = await run(`{"found": $exists(${expression})}`).catch((error: unknown) => error);
    if (!(composed instanceof ComposeError)) expect(composed).toMatchObject({ data: '{"found":false}' });
  });

  it('leaves nothing behind for the next evaluation', async () => {
    await run('($left := 5; {"__proto__": {"left": 5}, "constructor": {"prototype": {"left": 5}}})');
    await run('$ ~> | $ | {"__proto__": {"left": 5}, "left": 5} |').catch(() => undefined);
    expect(await run('{"left": [$left, left, lines[0].left]}')).toMatchObject({ data: '{"left":[]}' });
  });
});

describe('before it is saved', () => {
  const check = (expression: string) =>
    composer.checkTransforms([{ transform: jsonata(expression), path: '/transform' }], {
      customer: 'c-1',
      subscription: 'new',
    });

  it('a transform that parses has no fault', async () => {
    expect(await check('{"id": paymentId}')).toEqual([]);
  });

  it.each([
    ['{"a": ', 'line 1, column 6: Expected "}" before end of expression'],
    ['{\n  "a": )\n}', 'line 2, column 8: '],
    ['$f(', 'line 1, column 3: '],
    ['"abc', 'line 1, column '],
  ])('one that does not, %j, is told with its place', async (expression, message) => {
    const [fault] = await check(expression);
    expect(fault!.path).toBe('/transform/expression');
    expect(fault!.message.startsWith(message)).toBe(true);
  });

  it('one that is nested thousands deep is refused', async () => {
    expect(await check(`${'('.repeat(7000)}1${')'.repeat(7000)}`)).toEqual([
      { path: '/transform/expression', message: 'the expression is nested too deeply' },
    ]);
  });
});

it('refuses what waits when the composer closes, and ends its processes', async () => {
  const own = startTestComposer();
  const waiting = own.compose(composition({ transform: jsonata('{}') }), 5000);
  await own.close();
  await expect(waiting).rejects.toThrow(ComposerBusyError);
  await expect(own.compose(composition({ transform: jsonata('{}') }), 5000)).rejects.toThrow(ComposerBusyError);
});
