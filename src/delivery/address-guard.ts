import type { LookupAddress, LookupOptions } from 'node:dns';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { BlockedAddressError } from './errors';
import { createResolver, type Resolve } from './resolver';

export { BlockedAddressError } from './errors';
export type { Resolve } from './resolver';

/** Ports below 1024 belong to other services of a host, except those of HTTP. */
const ALLOWED_LOW_PORTS = new Set([80, 443]);
const FIRST_FREE_PORT = 1024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Metadata services of clouds, at addresses that are public (Azure) or may be allowed (AWS). */
const METADATA_SERVICES = ['168.63.129.16/32', 'fd00:ec2::/32'];

/**
 * Ranges without hosts: unspecified, broadcast, multicast, documentation, and what IANA has not
 * assigned.
 */
const NO_HOSTS: ReadonlySet<string> = new Set(['unspecified', 'broadcast', 'multicast', 'reserved', 'discard']);

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** Options of a lookup. */
export interface GuardedLookupOptions extends LookupOptions {
  /** The customer whose request needs the address. */
  customerId?: string;
  /** The port that the socket connects to. */
  port?: number;
}

/** What an installation decides beside the ranges that it allows. */
export interface GuardPolicy {
  /** Ranges that are refused even if they are allowed. */
  deniedCidrs?: readonly string[];
  /** Refuses URLs with http. @default false */
  httpsOnly?: boolean;
  /** Addresses of this machine, refused unless allowed. @default those of its interfaces */
  ownAddresses?: () => readonly string[];
  /**
   * Ports of Signpost's own services: its API, Postgres, Temporal and its UI. On this machine they
   * are refused even if its addresses are allowed, since the Temporal UI needs no credential.
   * @default none
   */
  ownPorts?: () => ReadonlySet<number>;
}

/** Decides which addresses deliveries may reach. */
export interface AddressGuard {
  /** Whether deliveries may go to an address, in any form that sockets accept. */
  isAllowed(address: string): boolean;
  /**
   * Checks a URL without resolving it: the scheme, the port, and a host that is a literal address,
   * which the socket does not look up.
   *
   * @throws BlockedAddressError
   */
  check(url: URL): void;
  /**
   * Why no delivery will ever go to a URL, for the caller who writes it. Private addresses are no
   * such fault, because an operator may allow them later.
   *
   * @returns undefined if one may
   */
  faultOf(url: URL): string | undefined;
  /**
   * A lookup for sockets. It resolves once, checks the addresses, and returns them to the socket,
   * which connects to these only. So a name cannot resolve to one address for the check and to
   * another for the connection. One refused address refuses the name: a name that has public and
   * internal addresses is a way to reach the inside. Only for a name of this machine, which may
   * have both 127.0.0.1 and ::1, the allowed one is enough.
   */
  lookup(hostname: string, options: GuardedLookupOptions, callback: Parameters<net.LookupFunction>[2]): void;
}

/**
 * Creates a guard that allows only global unicast addresses (IANA special-purpose registries, RFC
 * 6890). It refuses loopback, private, link-local (which includes cloud metadata), carrier-grade
 * NAT, multicast and reserved addresses, and the forms of IPv6 that embed a refused IPv4 address.
 *
 * @param allowedCidrs - ranges that are allowed anyway; an IPv4 range also covers the IPv6 forms of
 *   its addresses
 * @param resolve - resolves names. @default a resolver of its own
 */
export function createAddressGuard(
  allowedCidrs: readonly string[],
  resolve: Resolve = createResolver().resolve,
  {
    deniedCidrs = [],
    httpsOnly = false,
    ownAddresses = addressesOfThisMachine,
    ownPorts = () => new Set(),
  }: GuardPolicy = {},
): AddressGuard {
  const allowed = allowedCidrs.map(parseRange);
  const denied = [...METADATA_SERVICES, ...deniedCidrs].map(parseRange);
  const schemes = httpsOnly ? ['https:'] : Object.keys(DEFAULT_PORTS);

  function isReachable(address: Address): boolean {
    if (isIn(denied, address)) return false;
    if (isIn(allowed, address)) return true;
    if (ownAddresses().includes(address.toString())) return false;
    if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
    const translated = translatedIpv4(address);
    if (translated) return isReachable(translated);
    const tunnelled = isatapIpv4(address);
    return isGlobalUnicast(address) && (tunnelled === undefined || isReachable(tunnelled));
  }

  // `process` converts an IPv4-mapped address (::ffff:0:0/96) to the IPv4 address that a socket
  // connects to.
  const isAllowed = (address: string) => net.isIP(address) !== 0 && isReachable(ipaddr.process(address));

  function isOwnService(address: string, port: number | undefined): boolean {
    if (port === undefined || !ownPorts().has(port)) return false;
    const host = ipaddr.process(address);
    return ['loopback', 'unspecified'].includes(host.range()) || ownAddresses().includes(host.toString());
  }

  /** Whether an address is not that of a single host, or is always refused. */
  function isNoHost(address: Address): boolean {
    if (isIn(denied, address)) return true;
    if (isIn(allowed, address)) return false;
    const range = address.range();
    const translated = address instanceof ipaddr.IPv6 ? translatedIpv4(address) : undefined;
    // `::1` looks like a translated address, too.
    if (translated && range !== 'loopback') return isNoHost(translated);
    return NO_HOSTS.has(range) || (range === 'unicast' && address instanceof ipaddr.IPv6 && !isGlobalUnicast(address));
  }

  return {
    isAllowed,
    faultOf({ protocol, hostname }) {
      if (!schemes.includes(protocol)) return `expected ${httpsOnly ? 'https' : 'http or https'}`;
      const host = hostname.replace(/^\[|\]$/g, '');
      return net.isIP(host) && isNoHost(ipaddr.process(host)) ? `${host} is not an address of a receiver` : undefined;
    },
    check(url) {
      if (!schemes.includes(url.protocol))
        throw new BlockedAddressError(`only ${httpsOnly ? 'https is' : 'http and https are'} allowed`);
      const port = url.port === '' ? DEFAULT_PORTS[url.protocol]! : Number(url.port);
      if (port < FIRST_FREE_PORT && !ALLOWED_LOW_PORTS.has(port)) {
        throw new BlockedAddressError(`port ${port} is not allowed`);
      }
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (net.isIP(host) && !isAllowed(host)) throw new BlockedAddressError(`address ${host} is not allowed`);
      if (net.isIP(host) && isOwnService(host, port))
        throw new BlockedAddressError(`port ${port} of this machine is not allowed`);
    },
    lookup(hostname, options, callback) {
      const check: Parameters<Resolve>[1] = (error, addresses) => {
        if (error) {
          callback(error, []);
          return;
        }
        if (addresses.some(({ address }) => isOwnService(address, options.port))) {
          callback(new BlockedAddressError(`port ${options.port} of ${hostname} is not allowed`), []);
          return;
        }
        const reachable = addresses.filter(({ address }) => isAllowed(address));
        const [first] = reachable;
        if (!first) callback(new BlockedAddressError(`${hostname} has no address that is allowed`), []);
        else if (reachable.length < addresses.length && !addresses.every(isLoopback))
          callback(new BlockedAddressError(`${hostname} has an address that is not allowed`), []);
        else if (options.all) callback(null, reachable);
        else callback(null, first.address, first.family);
      };
      resolve(hostname, check, options.customerId);
    },
  };
}

/** Parses a range. A range of IPv4-mapped addresses becomes a range of IPv4 addresses. */
function parseRange(cidr: string): Range {
  const [range, bits] = ipaddr.parseCIDR(cidr);
  return range instanceof ipaddr.IPv6 && range.isIPv4MappedAddress() && bits >= 96
    ? [range.toIPv4Address(), bits - 96]
    : [range, bits];
}

function isIn(ranges: readonly Range[], address: Address): boolean {
  return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
}

const isLoopback = ({ address }: LookupAddress) => ipaddr.process(address).range() === 'loopback';

/** Interfaces change rarely, and reading them takes some 50 µs. */
const OWN_ADDRESSES_KEPT_MS = 30_000;
let own: { addresses: string[]; readAt: number } | undefined;

/** The addresses of the interfaces, in the form of `ipaddr`, except loopback. */
function addressesOfThisMachine(): readonly string[] {
  if (own === undefined || performance.now() - own.readAt > OWN_ADDRESSES_KEPT_MS) {
    const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const outside = interfaces.filter(({ internal }) => !internal);
    own = { addresses: outside.map(({ address }) => ipaddr.parse(address).toString()), readAt: performance.now() };
  }
  return own.addresses;
}

/**
 * @returns the IPv4 address to which traffic for an IPv6 address may be translated, or undefined if
 *   it embeds none
 */
function translatedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  if ([IPV4_COMPATIBLE, IPV4_TRANSLATED, WELL_KNOWN_NAT64].some((range) => isWithin(address, range))) {
    return new ipaddr.IPv4(bytes.slice(12));
  }
  if (isWithin(address, SIX_TO_FOUR)) return new ipaddr.IPv4(bytes.slice(2, 6));
  return undefined;
}

/**
 * RFC 6052 §2.1. A network's local prefix (64:ff9b:1::/48, RFC 8215) may map to anything inside; it
 * is not global unicast.
 */
const WELL_KNOWN_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** RFC 4291 §2.5.5.1. It contains loopback and unspecified, which embed refused addresses. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');
/** RFC 2765 §2.1. */
const IPV4_TRANSLATED = ipaddr.IPv6.parseCIDR('::ffff:0:0:0/96');
/** RFC 3056 §2. */
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR('2002::/16');
/** The space that IANA has assigned to global unicast; the rest is reserved. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * RFC 5214 §6.1: the interface id of ISATAP, 0:5efe or 200:5efe followed by an IPv4 address, after
 * any prefix.
 */
function isatapIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  const isIsatap = (bytes[8]! & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
  return isIsatap ? new ipaddr.IPv4(bytes.slice(12)) : undefined;
}

function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return isWithin(address, GLOBAL_UNICAST) && address.range() === 'unicast';
}

function isWithin(address: ipaddr.IPv6, [range, bits]: [ipaddr.IPv6, number]): boolean {
  return address.match(range, bits);
}
