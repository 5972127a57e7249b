import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { percentDecoded } from '../domain/percent-decoded';
import { parseUrlPattern } from '../domain/url-pattern';
import { list, setting } from './setting';

/** Where deliveries may go. */
export const ADDRESS_SETTINGS = {
  SIGNPOST_ALLOW_ADDRESSES: setting(list(ipaddr.isValidCIDR), {
    default: 'none; `127.0.0.0/8,::1/128` with embedded Postgres on a loopback host',
    expected: 'CIDRs, separated by commas',
    meaning: 'Address ranges that the address guard allows in addition to public addresses. An empty value means none.',
    emptyMeansNone: true,
  }),
  SIGNPOST_DENY_ADDRESSES: setting(list(ipaddr.isValidCIDR), {
    default: 'none',
    expected: 'CIDRs, separated by commas',
    meaning:
      'Address ranges that the address guard refuses, also if they are public or allowed. The metadata services of clouds are always refused.',
  }),
  SIGNPOST_HTTPS_ONLY: setting(z.enum(['on', 'off']).default('off'), {
    default: 'off',
    expected: '`on` or `off`',
    meaning:
      'Whether the URLs of subscriptions must have https. With `on`, an http URL is refused with 422 when it is written, and nothing is sent over http.',
  }),
  SIGNPOST_EGRESS_PROXY: setting(
    z
      .url({ protocol: /^http$/ })
      .transform((text) => new URL(text))
      .refine(
        ({ pathname, search, username, password }) =>
          pathname + search === '/' && percentDecoded(username + password) !== undefined,
      )
      .optional(),
    {
      default: 'none; variables such as `HTTPS_PROXY` are ignored',
      expected: 'http://user:password@host:port, with special characters of the password percent-encoded',
      meaning:
        'HTTP proxy (CONNECT) through which deliveries, challenges and token requests go. Signpost resolves and checks the address first, and the proxy connects to it.',
      secret: true,
    },
  ),
  SIGNPOST_ALLOW_URLS: setting(
    list((entry) => parseUrlPattern(entry) !== undefined),
    {
      default: 'none; `http://127.0.0.1:*,http://localhost:*` with embedded Postgres on a loopback host',
      expected: 'patterns `scheme://host[:port][/path-prefix]`, separated by commas',
      meaning:
        'URL patterns on the allow-list that need no approval. `*` stands for any host, subdomain label or port. An empty value means none.',
      emptyMeansNone: true,
    },
  ),
};
