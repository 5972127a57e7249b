import dns from 'node:dns';
import net from 'node:net';
import ipaddr from 'ipaddr.js';

/** A host resolves to addresses that deliveries may not reach, or names a port that they may not. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'SIGNPOST_BLOCKED';
}

/** Ports below 1024 belong to other services of a host, save for those of HTTP. */
const ALLOWED_LOW_PORTS = new Set([80, 443]);
const FIRST_FREE_PORT = 1024;

type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** `dns.lookup` with `all: true`. */
export type Resolve = (hostname: string, callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void) => void;

/** Decides which addresses deliveries may reach. */
export interface AddressGuard {
  /** Whether a literal address may be reached. */
  isAllowed(address: string): boolean;
  /**
   * Checks what can be told from a URL without resolving it: its port, and its host where that is a literal address, for which the socket
   * makes no look-up.
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
 * Everything but global unicast is refused: loopback, private, link-local (cloud metadata), carrier-grade NAT, multicast, reserved,
 * and forms of IPv6 that carry an IPv4 address which is refused (mapped, compatible, 6to4, NAT64; RFC 6890, RFC 8215).
 *
 * @param allowedCidrs - ranges that may be reached all the same; an IPv4 range also covers its IPv6 forms
 * @param resolve - replaced by tests
 */
export function createAddressGuard(
  allowedCidrs: readonly string[],
  resolve: Resolve = (hostname, callback) => dns.lookup(hostname, { all: true }, callback),
): AddressGuard {
  const allowed = allowedCidrs.map((cidr) => ipaddr.parseCIDR(cidr));

  function isListed(address: Address): boolean {
    return allowed.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
  }

  function mayReach(address: Address): boolean {
    if (isListed(address)) return true;
    const embedded = address.kind() === 'ipv6' ? embeddedIpv4(address as ipaddr.IPv6) : undefined;
    if (embedded) return mayReach(embedded);
    return address.range() === 'unicast' && !isIpv4Compatible(address);
  }

  const isAllowed = (address: string) => ipaddr.isValid(address) && mayReach(ipaddr.parse(address));

  return {
    isAllowed,
    check(url) {
      const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
      if (port < FIRST_FREE_PORT && !ALLOWED_LOW_PORTS.has(port)) throw new BlockedAddressError(`port ${port} is not allowed`);
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (net.isIP(host) && !isAllowed(host)) throw new BlockedAddressError(`address ${host} is not allowed`);
    },
    lookup(hostname, options, callback) {
      resolve(hostname, (error, addresses) => {
        if (error) {
          callback(error, []);
          return;
        }
        const reachable = addresses.filter(({ address, family }) => isAllowed(address) && (!options.family || options.family === family));
        const [first] = reachable;
        if (!first) callback(new BlockedAddressError(`${hostname} resolves to no address that is allowed`), []);
        else if (options.all) callback(null, reachable);
        else callback(null, first.address, first.family);
      });
    },
  };
}

/** The IPv4 address that an IPv6 one stands for, where it is of such a form. */
function embeddedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const bytes = address.toByteArray();
  switch (address.range()) {
    // 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64), where the address is in the last 32 bits.
    case 'rfc6052':
    case 'rfc6145':
      return new ipaddr.IPv4(bytes.slice(12));
    // 2002::/16 (6to4), where it follows the prefix.
    case '6to4':
      return new ipaddr.IPv4(bytes.slice(2, 6));
    default:
      return bytes[0] === 0 && bytes[1] === 0x64 && bytes[2] === 0xff && bytes[3] === 0x9b ? new ipaddr.IPv4(bytes.slice(12)) : undefined;
  }
}

/** ::/96, deprecated (RFC 4291 §2.5.5.1), is nobody's global unicast. */
function isIpv4Compatible(address: Address): boolean {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).toByteArray().slice(0, 12).every((byte) => byte === 0);
}
