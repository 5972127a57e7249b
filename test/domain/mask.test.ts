import { maskHeaders, maskSecrets, querySecrets } from '../../src/domain/mask';

describe('masked headers', () => {
  it.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'X-Api-Key',
    'x-access-token',
    'x-client-secret',
    'X-Passphrase',
    'x-session-id',
  ])('masks the value of the header %s', (name) =>
    expect(maskHeaders({ [name]: 'hidden' })).toEqual({ [name]: '***' }),
  );

  it('keeps other headers unchanged', () => {
    const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-signature': 'v1,abc' };
    expect(maskHeaders(headers)).toEqual(headers);
  });
});

it('finds the long values in the query of a URL, as sent and decoded', () => {
  const found = querySecrets('https://a.example/hook?v=1&token=s3cret%20token&x=abcdefgh&y=plus+sign%2f');
  expect(found.sort()).toEqual(['s3cret%20token', 's3cret token', 'abcdefgh', 'plus sign/', 'plus+sign%2f'].sort());
  expect(querySecrets('https://a.example/hook')).toEqual([]);
});

it('leaves no rest of a secret that contains another one', () => {
  expect(maskSecrets('abc and abcdefgh', ['abc', 'abcdefgh'])).toBe('*** and ***');
});
