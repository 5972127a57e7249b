import type { Request } from 'express';
import ipaddr from 'ipaddr.js';

/**
 * The address that failures are counted for. It is the caller's behind trusted proxies. An IPv6
 * address counts as its /64 network, because one host can use all of it.
 */
export function clientAddress({ ip }: Pick<Request, 'ip'>): string {
  return networkOf(ip ?? null) ?? '';
}

/** An IPv4 address, or the /64 network of an IPv6 address; null for anything else. */
export function networkOf(given: string | null): string | null {
  if (given === null || !ipaddr.isValid(given)) return null;
  const address = ipaddr.process(given);
  if (address.kind() === 'ipv4') return address.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString();
}

/** The address of the caller behind trusted proxies, or null if the connection has ended. */
export function callerAddress({ ip }: Pick<Request, 'ip'>): string | null {
  return ip !== undefined && ipaddr.isValid(ip) ? ipaddr.process(ip).toString() : null;
}
