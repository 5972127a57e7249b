import { ComposeError, ComposerBusyError, type Composition } from '../../src/domain/composing';
import { insist, startTestComposer, type TestComposer } from '../support/composer';

/** Expressions, well-behaved and hostile, in the real child processes. */
let composer: TestComposer;
/** For expressions that fill the memory: how long that takes depends on the machine. */
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
      timestamp: '2026-01-31T12:00:00.000Z',
      data: DATA,
      user: '{"id":7}',
      channels: ['a'],
      chosenByCustomer: false,
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

describe('transforms', () => {
  it('builds an object from the data, with fields in the order of the expression', async () => {
    expect(await run('{"sum": $sum(lines.n), "id": paymentId}')).toEqual({
      data: '{"sum":3,"id":"P-1"}',
      whole: false,
      holdsSecret: false,
    });
  });

  it('offers the event to a transform as $event', async () => {
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

  it("applies a transform to the result of the event type's transform only", async () => {
    const definition = { steps: [], transform: jsonata('{"id": $data.paymentId & "!"}') };
    const transform = jsonata('{"input": $, "left": $exists($data), "card": $exists($event.data)}');
    expect(await composer.compose(composition({ definition, transform }), 5000)).toEqual({
      data: '{"input":{"id":"P-1!"},"left":false,"card":false}',
      whole: true,
      holdsSecret: false,
    });
  });

  it.each([
    ['nosuch', 'the transform returned nothing'],
    ['null', 'the transform returned nothing'],
    ['lines', 'the transform returned a value that is not an object'],
    ['"text"', 'the transform returned a value that is not an object'],
    ['function($x){$x}', 'the transform returned a value that is not an object'],
    ['$uppercase', 'the transform returned a value that is not an object'],
    ['{"a": $pad("", 300000, "x")}', 'the transform returned more than 256 KiB'],
    ['{"a":\n  $number(card)}', 'the transform fails at line 2, column 10 (JSONata D3030)'],
  ])('fails the transform %j: %s', async (expression, message) => {
    expect((await faultOf(expression)).message).toBe(message);
  });

  it('keeps data out of the error for customers and in the full error for operators', async () => {
    const fault = await faultOf('{"a": $number(card)}');
    expect(fault.message).not.toContain('4111-secret');
    expect(fault.inFull).toContain('4111-secret');
    expect((await faultOf('$error(card)')).message).toBe('the transform fails at line 1, column 7 (JSONata D3137)');
  });

  it.each(['', 'M', 'Ma', 'Man', 'Man is \n', '\u0000\u00ff\u0080+/='])(
    'encodes bytes in base64 as Node does, and decodes them: %j',
    async (text) => {
      const expression = `{ "encoded": $base64encode(${JSON.stringify(text)}), "decoded": $base64decode($base64encode(${JSON.stringify(text)})) }`;
      expect(JSON.parse((await run(expression)).data)).toEqual({
        encoded: Buffer.from(text, 'latin1').toString('base64'),
        decoded: text,
      });
    },
  );

  it.each([
    ['$base64encode("snow ☃")', '$base64encode: a character above U+00FF is no byte'],
    ['$base64decode("a*b=")', '$base64decode: the text is not base64'],
  ])('says why %s fails', async (call, reason) => {
    expect((await faultOf(`{ "text": ${call} }`)).inFull).toContain(reason);
  });

  it('reports an error that JSONata did not expect as such, not as a lack of memory', async () => {
    const fault = await faultOf(`{ "a": $formatNumber(1, "0.${'0'.repeat(120)}") }`);
    expect(fault.message).toBe('the transform fails inside JSONata');
    expect(fault.inFull).toContain('toFixed');
  });

  it('drops functions from the result of a transform', async () => {
    expect((await run('{"f": function($x){$x}, "g": $sum, "a": 1}')).data).toBe('{"a":1}');
  });
});

describe('hostile transforms', () => {
  it.each([
    ['recurses endlessly', '($f := function($n){ 1 + $f($n + 1) }; {"a": $f(0)})', /JSONata D1011/],
    ['loops endlessly', '($f := function($n){ $f($n + 1) }; {"a": $f(0)})', /takes longer than 500 ms/],
    ['loops in a regular expression', '{"a": $match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", /^(a+)+$/)}', /500 ms/],
    ['counts to ten million', '{"a": [1..9999999]}', /JSONata D2015/],
    [
      'is nested ten thousand levels deep',
      `{"a": ${'['.repeat(5000)}${']'.repeat(5000)}}`,
      /memory or recursion depth/,
    ],
  ])('fails a transform that %s, and runs the next one', async (_, expression, message) => {
    expect((await faultOf(expression)).message).toMatch(message);
    expect(await run('{"id": paymentId}')).toMatchObject({ data: '{"id":"P-1"}' });
  });

  it.each([
    ['doubles a string endlessly', '($f := function($s){ $f($s & $s) }; {"a": $f("xxxxxxxxxx")})', /memory/],
    ['fills the memory with one string', '{"a": $length($pad("", 400000000))}', /64 MB of memory/],
    // Node's default limit lets this one pass.
    ['fills the memory with 80 MB', '{"a": $length($pad("", 10000000))}', /64 MB of memory/],
    ['fills the memory with small strings', '{"a": $count($split($pad("", 200000000, "a,"), ","))}', /64 MB of memory/],
  ])('fails a transform that %s for its memory, and runs the next one', async (_, expression, message) => {
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
  ])('gives a transform no access to the process by %s', async (expression) => {
    const composed = await run(`{"found": $exists(${expression})}`).catch((error: unknown) => error);
    if (!(composed instanceof ComposeError)) expect(composed).toMatchObject({ data: '{"found":false}' });
  });

  it('keeps nothing of an evaluation for the next one', async () => {
    await run('($left := 5; {"__proto__": {"left": 5}, "constructor": {"prototype": {"left": 5}}})');
    await run('$ ~> | $ | {"__proto__": {"left": 5}, "left": 5} |').catch(() => undefined);
    expect(await run('{"left": [$left, left, lines[0].left]}')).toMatchObject({ data: '{"left":[]}' });
  });
});

describe('checks before a transform is saved', () => {
  const check = (expression: string) =>
    composer.checkTransforms([{ transform: jsonata(expression), path: '/transform' }], {
      customer: 'c-1',
      subscription: 'new',
    });

  it('finds no fault in a transform that parses', async () => {
    expect(await check('{"id": paymentId}')).toEqual([]);
  });

  it.each([
    ['{"a": ', 'line 1, column 6: Expected "}" before end of expression'],
    ['{\n  "a": )\n}', 'line 2, column 8: '],
    ['$f(', 'line 1, column 3: '],
    ['"abc', 'line 1, column '],
  ])('refuses the transform %j with the position of the fault', async (expression, message) => {
    const [fault] = await check(expression);
    expect(fault!.path).toBe('/transform/expression');
    expect(fault!.message.startsWith(message)).toBe(true);
  });

  it('refuses a transform nested thousands of levels deep', async () => {
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
