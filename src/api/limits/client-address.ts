import type { Request } from 'express';
import ipaddr from 'ipaddr.js';

/**
 * The address that failures are counted for. It is the caller's behind trusted proxies. An IPv6
 * address counts as its /64 network, because one host can use all of it.
 */
export function clientAddress({ ip }: Pick<Request, 'ip'>): string {
  if (ip === undefined || !ipaddr.isValid(ip)) return '';
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString();
}

/** The address of the caller behind trusted proxies, or null if the connection has ended. */
export function callerAddress({ ip }: Pick<Request, 'ip'>): string | null {
  return ip !== undefined && ipaddr.isValid(ip) ? ipaddr.process(ip).toString() : null;
}
