import { canonicalUrl, isSameUrl } from '../../src/domain/canonical-url';
import { formatUrlPattern, parseUrlPattern, patternOf, urlMatches } from '../../src/domain/url-pattern';

const CANONICAL = 'http://localhost:8080/x';

it.each([
  'http://localhost:8080/x',
  'http://LOCALHOST:8080/x',
  'HTTP://localhost:8080/x',
  'http://localhost:8080/a/../x',
  'http://localhost:8080/%2e/x',
  'http://localhost:08080/x',
  'http:\\\\localhost:8080\\x',
  'http:localhost:8080/x',
  'http:///localhost:8080/x',
  'http://localhost.:8080/x',
  'http://%6cocalhost:8080/x',
])('canonicalUrl has one spelling for %s', (text) => expect(canonicalUrl(text)).toEqual({ href: CANONICAL }));

it.each([
  ['https://example.com', 'https://example.com/'],
  ['https://Example.COM.:443/a?b=C#'.slice(0, -1), 'https://example.com/a?b=C'],
  ['http://127.1/', 'http://127.0.0.1/'],
  ['http://[0:0::1]/', 'http://[::1]/'],
  ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
  ['https://a.example/b c', 'https://a.example/b%20c'],
  ['https://a.example/?q=@', 'https://a.example/?q=@'],
  ['https://a.example/@b', 'https://a.example/@b'],
  ['http://my_service:8080/', 'http://my_service:8080/'],
  ['http://com/', 'http://com/'],
  ['https://localhost./', 'https://localhost/'],
  [`https://${'a'.repeat(63)}.example/`, `https://${'a'.repeat(63)}.example/`],
  ['https://a--b.example/', 'https://a--b.example/'],
])('canonicalUrl serializes %s as %s', (text, href) => {
  expect(canonicalUrl(text)).toEqual({ href });
  expect(canonicalUrl(href)).toEqual({ href });
});

it.each([
  '',
  '/hook',
  'ftp://a.example/',
  'javascript:alert(1)',
  ' https://a.example/',
  'https://a.example/ ',
  'https://a.example/x\n',
  'https://a.exa\tmple/x',
  'https://a.example/\u0000',
  'https://a.example/\u0085',
  'https://a.example/\ud800',
  '\ufeffhttps://a.example/',
  '\u00a0https://a.example/',
  'https://u@a.example/',
  'https://u:p@a.example/',
  'https://:@a.example/',
  'https://@a.example/',
  'https:\\\\@a.example/',
  'https://a.example/#',
  'https://a.example/#x',
  'https://./',
  'https://a..:80/',
  'https://a..b/',
  'https://.a.example/',
  `https://${'a'.repeat(64)}.example/`,
  `https://${'a.'.repeat(126)}example/`,
  'https://*.example/',
  'https://a*b.example/',
  "https://a'b.example/",
  'https://a,b.example/',
  'https://a(b).example/',
  'https://a~b.example/',
  'http://[fe80::1%25eth0]/',
  'http://[fe80::1%eth0]/',
  'http://256.0.0.1/',
  'http://1.2.3.4.5/',
  'http://127.0.0.1:0/',
  'http://a.example:00000/',
])('canonicalUrl refuses %j', (text) => expect(canonicalUrl(text)).toEqual({ fault: expect.any(String) }));

it('canonicalUrl keeps a fragment where one is allowed', () => {
  expect(canonicalUrl('https://A.example/#x', { allowsFragment: true })).toEqual({ href: 'https://a.example/#x' });
});

it('isSameUrl compares URLs that were stored in another spelling', () => {
  expect(isSameUrl(' http://LOCALHOST.:8080/x\n', CANONICAL)).toBe(true);
  expect(isSameUrl('no URL', 'no URL')).toBe(true);
  expect(isSameUrl('http://localhost:8080/x/', CANONICAL)).toBe(false);
});

it.each([
  ['hooks.example.com', 'https://hooks.example.com'],
  ['HTTPS://Hooks.Example.COM.:443/In/', 'https://hooks.example.com/In'],
  ['http://127.1:*', 'http://127.0.0.1:*'],
  ['https://*', 'https://*'],
  ['https://*.Example.com:8443/a/../b', 'https://*.example.com:8443/b'],
])('formatUrlPattern has one spelling for %s', (text, spelled) => {
  expect(formatUrlPattern(parseUrlPattern(text)!)).toBe(spelled);
  expect(parseUrlPattern(spelled)).toEqual(parseUrlPattern(text));
});

it.each([
  ['https://a.example/in/x?token=1', 'https://a.example/in/x'],
  ['https://a.example/', 'https://a.example'],
  ['http://[::1]:81/in/', 'http://[::1]:81/in'],
  // No prefix matches a path that a receiver may read in another way.
  ['https://a.example/in%2fx', 'https://a.example'],
])('patternOf %s is %s', (url, pattern) => {
  expect(patternOf(url)).toBe(pattern);
  expect(urlMatches(parseUrlPattern(pattern)!, url)).toBe(true);
});
