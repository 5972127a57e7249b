import fc from 'fast-check';
import { createAddressGuard } from '../../src/delivery/address-guard';

/**
 * The address guard over every spelling of an address that URLs or name servers can bring. The
 * ranges here are written out, and not read from a library. A failure prints its seed.
 */
const guard = createAddressGuard([], undefined, { ownAddresses: () => [] });

/** First address and prefix length of IPv4 ranges that no delivery may reach (RFC 6890). */
const REFUSED: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['168.63.129.16', 32],
];
const PUBLIC: [string, number][] = [
  ['8.0.0.0', 8],
  ['93.184.0.0', 16],
  ['151.101.0.0', 16],
];

const toNumber = (ipv4: string) => ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const bytesOf = (ipv4: number) => [24, 16, 8, 0].map((shift) => (ipv4 >>> shift) & 255);
const hex = (value: number, digits = 1) => value.toString(16).padStart(digits, '0');

const addressIn = (ranges: [string, number][]) =>
  fc
    .tuple(fc.constantFrom(...ranges), fc.nat({ max: 0xffff_ffff }))
    .map(([[first, bits], offset]) => toNumber(first) + (offset % 2 ** (32 - bits)));

/** A part of an IPv4 address in one of the bases that URLs allow. */
const PARTS = [String, (part: number) => `0x${hex(part)}`, (part: number) => `0${part.toString(8)}`];

/** Hosts of URLs that name the IPv4 address (WHATWG URL, "IPv4 parser"). */
const ipv4Host = (address: number) => {
  const [a, b, c, d] = bytesOf(address) as [number, number, number, number];
  const splits = [[a, b, c, d], [a, b, c * 256 + d], [a, b * 65_536 + c * 256 + d], [address]];
  return fc
    .tuple(fc.constantFrom(...splits), fc.array(fc.constantFrom(...PARTS), { minLength: 4, maxLength: 4 }))
    .map(([parts, bases]) => parts.map((part, index) => bases[index]!(part)).join('.'));
};

/** IPv6 addresses from which traffic reaches the IPv4 address. */
const ipv6Forms = (address: number): string[] => {
  const bytes = bytesOf(address);
  const dotted = bytes.join('.');
  const [high, low] = [hex(bytes[0]! * 256 + bytes[1]!), hex(bytes[2]! * 256 + bytes[3]!)];
  return [
    `::ffff:${dotted}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:ffff:${high}:${low}`,
    `0000:0000:0000:0000:0000:FFFF:${dotted}`,
    `::${dotted}`,
    `::ffff:0:${high}:${low}`,
    `64:ff9b::${dotted}`,
    `2002:${high}:${low}::1`,
    `2001:470:1f0b:1::5efe:${dotted}`,
    `2a00:1450:4001:82a:200:5efe:${high}:${low}`,
  ];
};

const refuses = (host: string) => {
  try {
    guard.check(new URL(`http://${host}/`));
    return false;
  } catch (error) {
    return (error as Error).name === 'BlockedAddressError' || (error as Error).message.includes('not allowed');
  }
};

it('refuses internal IPv4 addresses in every notation of a URL', () => {
  const hosts = addressIn(REFUSED).chain((address) => ipv4Host(address));
  fc.assert(
    fc.property(hosts, (host) => refuses(host)),
    { numRuns: 2000 },
  );
});

it('refuses the IPv6 addresses that lead to internal IPv4 addresses, in URLs and in answers of name servers', () => {
  const addresses = addressIn(REFUSED).chain((address) => fc.constantFrom(...ipv6Forms(address)));
  fc.assert(
    fc.property(addresses, (address) => !guard.isAllowed(address) && refuses(`[${address}]`)),
    { numRuns: 2000 },
  );
});

it('refuses IPv6 addresses outside of global unicast', () => {
  const groups = fc.array(fc.nat({ max: 0xffff }), { minLength: 7, maxLength: 7 });
  // 2000::/3 is global unicast.
  const first = fc.nat({ max: 0xffff }).filter((group) => group >> 13 !== 1 && group !== 0x64 && group !== 0);
  const addresses = fc.tuple(first, groups).map((parts) =>
    parts
      .flat()
      .map((group) => hex(group))
      .join(':'),
  );
  fc.assert(
    fc.property(addresses, (address) => !guard.isAllowed(address)),
    { numRuns: 2000 },
  );
});

it('allows public IPv4 addresses in every notation, and their translated forms', () => {
  const hosts = addressIn(PUBLIC).chain((address) =>
    fc.oneof(ipv4Host(address), fc.constantFrom(`[64:ff9b::${bytesOf(address).join('.')}]`)),
  );
  fc.assert(
    fc.property(hosts, (host) => !refuses(host)),
    { numRuns: 1000 },
  );
});
