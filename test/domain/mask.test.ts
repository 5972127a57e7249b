import { maskHeaders } from '../../src/domain/mask';

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
