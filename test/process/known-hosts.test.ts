import { knownHosts } from '../../src/process/known-hosts';

/** Hosts under which a process serves requests. */
const local = knownHosts({ host: '127.0.0.1', allowedHosts: [] });

it.each([
  'localhost',
  'localhost:8080',
  'LocalHost.',
  'signpost.localhost:8080',
  '127.0.0.1',
  '127.0.0.1:8080',
  '127.1:8080',
  '[::1]:8080',
  '[::ffff:192.0.2.7]',
  '192.168.1.20:8080',
  'signpost:8080',
  'my_laptop',
])('serves %s without a setting, because no page of the internet can have this host', (header) => {
  expect(local(header)).toBe(true);
});

it.each([
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil.example.',
  'evillocalhost.example',
  '127.0.0.1:8080@evil.example',
  'evil.example:8080:8080',
  '[::1].evil.example',
  '[evil.example]',
  'evil.example localhost',
])('does not serve %s without a setting', (header) => {
  expect(local(header)).toBe(false);
});

it.each([undefined, ''])('serves a request without a host (%j), which no browser sends', (header) => {
  expect(local(header)).toBe(true);
});

it('serves the names of the settings, in any case and with any port', () => {
  const isKnown = knownHosts({
    host: 'internal.example',
    publicUrl: 'https://Hooks.Example.com:8443/',
    allowedHosts: ['Signpost.default.svc.', 'xn--bcher-kva.example'],
  });
  for (const host of ['internal.example', 'hooks.example.com', 'signpost.default.svc', 'xn--bcher-kva.example']) {
    for (const header of [host, `${host}:9999`, `${host}.`, host.toUpperCase()]) expect(isKnown(header)).toBe(true);
    expect(isKnown(`a.${host}`)).toBe(false);
    expect(isKnown(`${host}.evil.example`)).toBe(false);
  }
});

it('serves any host if the setting is *', () => {
  const isKnown = knownHosts({ host: '0.0.0.0', allowedHosts: ['hooks.example.com', '*'] });
  expect(isKnown('evil.example')).toBe(true);
});
