import { hostNameFault } from '../domain/host-name';
import { parseUrl } from '../domain/parse-url';
import { list, setting } from './setting';

const ANY_SUBDOMAIN = '//*.';
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whether an entry is an origin that a content security policy takes: only scheme, host and port. A
 * page without TLS could be replaced on its way, so http is for the own machine.
 */
function isFrameAncestor(entry: string): boolean {
  const url = parseUrl(entry.replace(ANY_SUBDOMAIN, '//'));
  if (!url || hostNameFault(url.hostname) !== undefined) return false;
  if (url.origin.toLowerCase() !== entry.replace(ANY_SUBDOMAIN, '//').toLowerCase()) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

/** The settings of the portal for customers. */
export const PORTAL_SETTINGS = {
  SIGNPOST_PORTAL_FRAME_ANCESTORS: setting(list(isFrameAncestor), {
    default: 'none',
    expected:
      'origins, separated by commas: `https://host[:port]`, `https://*.host` for all of its subdomains, or `http://localhost[:port]`',
    meaning:
      'Sites whose pages may show the portal in a frame. Other pages of the web UI are never framed. With it, and if `SIGNPOST_PUBLIC_URL` has https, the cookie of a portal session is `SameSite=None; Secure; Partitioned`, because browsers would not send it in a frame of another site otherwise.',
  }),
};
