import { canonicalUrl } from '../../src/domain/canonical-url';
import { parseUrl } from '../../src/domain/parse-url';

it('reads Latin-1 hosts however often it was called', () => {
  for (let call = 0; call < 200_000; call++) parseUrl('https://receiver.example/hooks');
  expect(canonicalUrl('https://b\u00fccher.example/h')).toEqual({ href: 'https://xn--bcher-kva.example/h' });
  // No host by IDNA. `URL.canParse` takes its bytes for UTF-8.
  expect(canonicalUrl('https://\u00c3\u00a8.example/h')).toEqual({ fault: 'expected an absolute URL' });
});

it('reads what is no URL as undefined', () => {
  expect(parseUrl('https://')).toBeUndefined();
  expect(parseUrl('/path')).toBeUndefined();
  expect(parseUrl('/path', 'https://a.example')?.href).toBe('https://a.example/path');
});
