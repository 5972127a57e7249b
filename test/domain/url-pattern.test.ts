import { parseUrlPattern, urlMatches } from '../../src/domain/url-pattern';

const matches = (pattern: string, url: string) => urlMatches(parseUrlPattern(pattern)!, url);

describe('URL patterns', () => {
  it.each([
    ['hooks.example.com', { scheme: 'https', host: 'hooks.example.com', port: '', pathPrefix: '' }],
    ['HTTPS://Hooks.Example.COM:443/In/', { scheme: 'https', host: 'hooks.example.com', port: '', pathPrefix: '/In' }],
    ['http://127.0.0.1:*', { scheme: 'http', host: '127.0.0.1', port: '*', pathPrefix: '' }],
    ['http://127.1:0080', { scheme: 'http', host: '127.0.0.1', port: '', pathPrefix: '' }],
    ['https://*', { scheme: 'https', host: '*', port: '', pathPrefix: '' }],
    ['https://*.example.com:8443', { scheme: 'https', host: '*.example.com', port: '8443', pathPrefix: '' }],
    ['http://[0:0::1]:8080', { scheme: 'http', host: '[::1]', port: '8080', pathPrefix: '' }],
    ['https://a.example/café', { scheme: 'https', host: 'a.example', port: '', pathPrefix: '/caf%C3%A9' }],
    ['https://a.example/b/../c', { scheme: 'https', host: 'a.example', port: '', pathPrefix: '/c' }],
  ])('parses the URL pattern %s', (text, pattern) => expect(parseUrlPattern(text)).toEqual(pattern));

  it.each([
    '',
    ' ',
    'ftp://a.example',
    '//a.example',
    'https://',
    'https://a.example:65536',
    'https://a.example:',
    'https://a.example:x',
    'https://a*.example',
    'https://*example.com',
    'https://a.*.example',
    'https://user@a.example',
    'https://a.example?x=1',
    'https://a.example/#x',
    'https://a b.example',
    'https://256.1.1.1',
    'https://[::g]',
    'https://[::1',
    'javascript:alert(1)',
  ])('refuses the URL pattern %j', (text) => expect(parseUrlPattern(text)).toBeUndefined());
});

describe('matching URLs', () => {
  it.each([
    ['hooks.example.com', 'https://hooks.example.com/any?x=1#y'],
    ['hooks.example.com', 'https://HOOKS.example.com:443/'],
    ['http://127.0.0.1:*', 'http://127.0.0.1:5000/hook'],
    ['http://127.0.0.1:*', 'http://127.0.0.1/'],
    ['http://[::1]:*', 'http://[0:0:0:0:0:0:0:1]:9000/'],
    ['https://*', 'https://anything.example/'],
    ['https://*.example.com', 'https://a.example.com/'],
    ['https://*.example.com', 'https://a.b.example.com/'],
    ['https://a.example/in', 'https://a.example/in'],
    ['https://a.example/in', 'https://a.example/in/payments?x=..%2f'],
    ['https://a.example/in', 'https://a.example/x/../in/y'],
    ['https://a.example/café', 'https://a.example/café/x'],
  ])('matches the pattern %s with the URL %s', (pattern, url) => expect(matches(pattern, url)).toBe(true));
});

describe('URLs that do not match', () => {
  it.each([
    ['another scheme', 'hooks.example.com', 'http://hooks.example.com/'],
    ['another port', 'hooks.example.com', 'https://hooks.example.com:8443/'],
    ['a longer host', 'hooks.example.com', 'https://hooks.example.com.evil.example/'],
    ['a dot after the host', 'hooks.example.com', 'https://hooks.example.com./'],
    ['another host in front', 'hooks.example.com', 'https://evil-hooks.example.com/'],
    ['credentials that look like the host', 'hooks.example.com', 'https://hooks.example.com@evil.example/'],
    ['credentials with a port', 'hooks.example.com', 'https://hooks.example.com:443@evil.example/'],
    ['a backslash', 'hooks.example.com', 'https://evil.example\\@hooks.example.com/'],
    ['a fragment', 'hooks.example.com', 'https://evil.example#hooks.example.com'],
    ['a query', 'hooks.example.com', 'https://evil.example?hooks.example.com/'],
    ['a tab', 'hooks.example.com', 'https://hooks.example.com\t.evil.example/'],
    ['a look-alike letter', 'hooks.example.com', 'https://hооks.example.com/'],
    ['the bare domain for a subdomain wildcard', 'https://*.example.com', 'https://example.com/'],
    ['a suffix without a dot', 'https://*.example.com', 'https://evilexample.com/'],
    ['a wildcard within another domain', 'https://*.example.com', 'https://a.example.com.evil.example/'],
    ['a sibling path', 'https://a.example/in', 'https://a.example/inside'],
    ['a parent path', 'https://a.example/in', 'https://a.example/'],
    ['a different case of the path', 'https://a.example/in', 'https://a.example/IN/x'],
    ['dot segments', 'https://a.example/in', 'https://a.example/in/../admin'],
    ['encoded dots', 'https://a.example/in', 'https://a.example/in/%2e%2e/admin'],
    ['half-encoded dots', 'https://a.example/in', 'https://a.example/in/.%2e/admin'],
    ['encoded slashes', 'https://a.example/in', 'https://a.example/in/..%2fadmin'],
    ['encoded backslashes', 'https://a.example/in', 'https://a.example/in/..%5Cadmin'],
    ['backslashes', 'https://a.example/in', 'https://a.example/in\\..\\admin'],
    ['dots encoded twice', 'https://a.example/in', 'https://a.example/in/%252e%252e/admin'],
    ['dots with a parameter', 'https://a.example/in', 'https://a.example/in/..;/admin'],
    ['no scheme', 'https://*', 'hooks.example.com'],
    ['a scheme other than http and https', 'https://*', 'javascript:alert(1)'],
  ])('does not match a URL with %s (pattern %s): %s', (_what, pattern, url) =>
    expect(matches(pattern, url)).toBe(false),
  );
});
