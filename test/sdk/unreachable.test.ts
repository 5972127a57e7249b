import { createServer, type AddressInfo } from 'node:net';
import { Signpost, SignpostUnreachableError } from '../../sdk/src';
import { deepestCause } from '../../sdk/src/errors';

const retry = { retries: 0 };

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it.each(['127.0.0.1', 'localhost'])(
  'the error of an unreachable service at %s names the refused connection',
  async (host) => {
    const baseUrl = `http://${host}:${await closedPort()}`;
    const error = await new Signpost({ baseUrl, apiKey: 'k', retry }).overview().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SignpostUnreachableError);
    expect((error as Error).message).toMatch(`Signpost at ${baseUrl} is unreachable: `);
    expect((error as Error).message).toContain('ECONNREFUSED');
    expect((error as Error).message).not.toContain('fetch failed');
  },
);

it('the error of an unknown host names the failed resolution', async () => {
  const signpost = new Signpost({ baseUrl: 'http://signpost.invalid', apiKey: 'k', retry });
  await expect(signpost.overview()).rejects.toThrow(/is unreachable: .*(ENOTFOUND|EAI_AGAIN)/);
});

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });
it.each([
  ['without a cause', new Error('m'), 'm'],
  ['without a message', new TypeError(''), 'TypeError'],
  ['with a code only', coded('', 'ECONNRESET'), 'ECONNRESET'],
  [
    'with a code that the message lacks',
    coded('other side closed', 'UND_ERR_SOCKET'),
    'UND_ERR_SOCKET: other side closed',
  ],
  ['with two causes', new Error('a', { cause: new Error('b', { cause: new Error('c') }) }), 'c'],
  [
    'of several attempts',
    new Error('a', { cause: new AggregateError([new Error('x'), new Error('y'), new Error('x')]) }),
    'x; y',
  ],
  ['that is no error', 'text', 'text'],
])('the deepest cause of an error %s is shown', (_, error, text) => {
  expect(deepestCause(error)).toBe(text);
});
