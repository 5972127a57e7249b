import type { Config } from '../config';

/** Host and port of a `Host` header (RFC 9110 §7.2); an IPv6 address is in brackets. */
const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d*)?$/i;
/** An IPv6 address, or a name that ends in a number: that is an IPv4 address for browsers. */
const ADDRESS = /^\[|\.(?:\d+|0x[\da-f]*)$/;

/** Whether a process serves requests with this `Host` header. */
export type KnownHosts = (header: string | undefined) => boolean;

/**
 * Finds requests that a browser sends for a page of somebody else, whose name was made to resolve
 * to this machine (DNS rebinding). Such a page has a name of the public DNS. So these hosts are
 * known: the configured names; addresses, because the browser connects to them without DNS;
 * `localhost`; and names without a dot, such as those of containers. A request without a host, as
 * in HTTP/1.0, is no browser's.
 */
export function knownHosts({
  host,
  publicUrl,
  allowedHosts,
}: Pick<Config, 'host' | 'publicUrl' | 'allowedHosts'>): KnownHosts {
  if (allowedHosts.includes('*')) return () => true;
  const names = new Set([host, ...allowedHosts].map(withoutDot));
  if (publicUrl !== undefined) names.add(withoutDot(new URL(publicUrl).hostname));
  return (header) => {
    if (!header) return true;
    const given = HOST.exec(header)?.[1];
    if (given === undefined) return false;
    const name = withoutDot(given);
    return names.has(name) || ADDRESS.test(name) || !name.includes('.') || name.endsWith('.localhost');
  };
}

/** A name in lower case, without the dot that ends a full name of the DNS. */
const withoutDot = (name: string): string => name.toLowerCase().replace(/\.$/, '');
