import dns from 'node:dns';
import net from 'node:net';
import ipaddr from 'ipaddr.js';

/** A URL leads where deliveries may not go. The message names host or port, nothing else of the URL. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
}

/** Ports below 1024 belong to other services of a host, save for those of HTTP. */
const ALLOWED_LOW_PORTS = new Set([80, 443]);
const FIRST_FREE_PORT = 1024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** `dns.lookup` with `all: true`. */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void,
) => void;

/** Decides which addresses deliveries may reach. */
export interface AddressGuard {
  /** Whether an address, in a form that sockets take for one, may be reached. */
  isAllowed(address: string): boolean;
  /**
   * Checks what can be told from a URL without resolving it: its scheme, its port, and its host where that is a literal address, for
   * which the socket makes no look-up.
   *
   * @throws BlockedAddressError
   */
  check(url: URL): void;
  /**
   * For `net.connect` and `tls.connect`: resolves once, drops what may not be reached, and hands the rest to the socket, which connects to
   * just these. So a name cannot resolve to one address for the check and to another for the connection.
   */
  lookup: net.LookupFunction;
}

/**
 * Refuses everything but global unicast (IANA special-purpose registries, RFC 6890): loopback, private, link-local (and with it cloud
 * metadata), carrier-grade NAT, multicast, reserved, and the forms of IPv6 that carry an IPv4 address which is refused.
 *
 * @param allowedCidrs - ranges that may be reached all the same; an IPv4 range also covers the IPv6 forms of its addresses
 * @param resolve - how names are resolved. @default the system's resolver
 */
export function createAddressGuard(
  allowedCidrs: readonly string[],
  resolve: Resolve = (hostname, callback) => dns.lookup(hostname, { all: true }, callback),
): AddressGuard {
  const allowed = allowedCidrs.map(parseRange);

  function mayReach(address: Address): boolean {
    if (allowed.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits))) return true;
    if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
    const carried = carriedIpv4(address);
    return carried ? mayReach(carried) : isGlobalUnicast(address);
  }

  // `process` reads an IPv4-mapped address (::ffff:0:0/96) as the IPv4 address that a socket connects to.
  const isAllowed = (address: string) => net.isIP(address) !== 0 && mayReach(ipaddr.process(address));

  return {
    isAllowed,
    check(url) {
      const defaultPort = DEFAULT_PORTS[url.protocol];
      if (defaultPort === undefined) throw new BlockedAddressError('only http and https are allowed');
      const port = url.port === '' ? defaultPort : Number(url.port);
      if (port < FIRST_FREE_PORT && !ALLOWED_LOW_PORTS.has(port)) {
        throw new BlockedAddressError(`port ${port} is not allowed`);
      }
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (net.isIP(host) && !isAllowed(host)) throw new BlockedAddressError(`address ${host} is not allowed`);
    },
    lookup(hostname, options, callback) {
      resolve(hostname, (error, addresses) => {
        if (error) {
          callback(error, []);
          return;
        }
        const reachable = addresses.filter(({ address }) => isAllowed(address));
        const [first] = reachable;
        if (!first) callback(new BlockedAddressError(`${hostname} has no address that is allowed`), []);
        else if (options.all) callback(null, reachable);
        else callback(null, first.address, first.family);
      });
    },
  };
}

/** A range of IPv4-mapped addresses is one of IPv4 addresses. */
function parseRange(cidr: string): Range {
  const [range, bits] = ipaddr.parseCIDR(cidr);
  return range instanceof ipaddr.IPv6 && range.isIPv4MappedAddress() && bits >= 96
    ? [range.toIPv4Address(), bits - 96]
    : [range, bits];
}

/** The IPv4 address that traffic to an IPv6 one may be handed to, where it is of such a form. */
function carriedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  if ([IPV4_COMPATIBLE, IPV4_TRANSLATED, WELL_KNOWN_NAT64].some((range) => isWithin(address, range))) {
    return new ipaddr.IPv4(bytes.slice(12));
  }
  if (isWithin(address, SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  return undefined;
}

/** RFC 6052 §2.1. A network's own prefix (64:ff9b:1::/48, RFC 8215) may stand for anything inside and is never global unicast. */
const WELL_KNOWN_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** RFC 4291 §2.5.5.1; loopback and unspecified are in it, and carry addresses that are refused. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');
/** RFC 2765 §2.1. */
const IPV4_TRANSLATED = ipaddr.IPv6.parseCIDR('::ffff:0:0:0/96');
/** RFC 3056 §2. */
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR('2002::/16');
/** All that IANA has given out for global unicast; the rest of the space is reserved. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return isWithin(address, GLOBAL_UNICAST) && address.range() === 'unicast';
}

function isWithin(address: ipaddr.IPv6, [range, bits]: [ipaddr.IPv6, number]): boolean {
  return address.match(range, bits);
}
