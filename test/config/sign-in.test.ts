import { loadConfig } from '../../src/config';
import { maskedSummary } from '../../src/config/masked-summary';
import { faultsOf } from '../support/config-faults';

type Env = Record<string, string>;

const OIDC = {
  SIGNPOST_OIDC_ISSUER: 'https://id.example',
  SIGNPOST_OIDC_CLIENT_ID: 'signpost',
  SIGNPOST_OIDC_ROLES: 'admins=admin',
};

it.each(Object.keys(OIDC))('requires %s for sign-in by OpenID Connect', (name) => {
  const { [name]: _, ...others } = OIDC as Env;
  expect(faultsOf(others)).toEqual([expect.stringContaining(`${name} is not set, but required for sign-in`)]);
});

it.each([
  ['https://id.example/realms/staff', true],
  ['http://127.0.0.1:8081', true],
  ['http://localhost:8081/realm', true],
  ['http://[::1]:8081', true],
  ['http://id.example', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['ldaps://id.example', false],
])('an issuer has https, or is on a loopback host: %s', (SIGNPOST_OIDC_ISSUER, isValid) => {
  expect(faultsOf({ ...OIDC, SIGNPOST_OIDC_ISSUER })).toHaveLength(isValid ? 0 : 1);
});

it.each(['admins', 'admins=root', 'pay=product', 'pay=product:', '=admin', 'x=customer', 'pay=product:a b', ','])(
  'refuses %j as roles of people',
  (SIGNPOST_OIDC_ROLES) => {
    expect(faultsOf({ ...OIDC, SIGNPOST_OIDC_ROLES })).toEqual([
      expect.stringMatching(/^SIGNPOST_OIDC_ROLES is ".*", but must be entries `value=admin`/),
    ]);
  },
);

it('requires the scope openid', () => {
  expect(faultsOf({ ...OIDC, SIGNPOST_OIDC_SCOPES: 'profile' })).toHaveLength(1);
});

it.each([
  'cn=admin,dc=x=admin',
  'cn=admins=admin',
  'CN=ops,OU=x,DC=y=viewer',
  'dc=x=viewer',
  'uid=admin',
  'a=viewer,cn=admin',
])('refuses the distinguished name in %j outside of JSON, where its parts would be entries', (SIGNPOST_OIDC_ROLES) => {
  expect(faultsOf({ ...OIDC, SIGNPOST_OIDC_ROLES })).toEqual([expect.stringContaining('or JSON')]);
});

it('reads roles as JSON, whatever characters the values have, in their order', () => {
  const entries = [
    { value: 'cn=admins,dc=x=admin', role: 'admin' },
    { value: '7', role: 'product:payments' },
    { value: ' a, b ', role: 'viewer' },
  ];
  const { signIn } = loadConfig({ ...OIDC, SIGNPOST_OIDC_ROLES: JSON.stringify(entries) });
  expect(signIn.oidc!.roles).toEqual([
    { value: 'cn=admins,dc=x=admin', role: 'admin', productId: null },
    { value: '7', role: 'product', productId: 'payments' },
    { value: ' a, b ', role: 'viewer', productId: null },
  ]);
});

it.each([
  '[]',
  '[',
  '[null]',
  '[{"value":"a"}]',
  '[{"value":"","role":"admin"}]',
  '[{"value":"a","role":"root"}]',
  '[{"value":"a","role":"product"}]',
  '[{"value":"a","role":"admin","productId":"x"}]',
  '[{"value":["a"],"role":"admin"}]',
])('refuses %j as roles of people in JSON', (SIGNPOST_OIDC_ROLES) => {
  expect(faultsOf({ ...OIDC, SIGNPOST_OIDC_ROLES })).toHaveLength(1);
});

it('prints no client secret', () => {
  const summary = maskedSummary(loadConfig({ ...OIDC, SIGNPOST_OIDC_CLIENT_SECRET: 'hidden' }));
  expect(summary).toMatchObject({ signIn: { oidc: { issuer: 'https://id.example', clientSecret: '***' } } });
});
