import { maskHeaders } from '../../src/domain/mask';

describe('headers that are kept or shown', () => {
  it.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'X-Api-Key',
    'x-access-token',
    'x-client-secret',
    'X-Passphrase',
    'x-session-id',
  ])('do not tell the value of %s', (name) => expect(maskHeaders({ [name]: 'hidden' })).toEqual({ [name]: '***' }));

  it('are otherwise as they were sent', () => {
    const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-signature': 'v1,abc' };
    expect(maskHeaders(headers)).toEqual(headers);
  });
});
