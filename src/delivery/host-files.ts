import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import { WatchedFile } from './watched-file';

const HOSTS = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';
const RESOLV_CONF = '/etc/resolv.conf';
const MAX_NDOTS = 15;

/** RFC 6761 §6.3: these names are loopback, whatever a name server says. */
const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** What resolv.conf says about names without a trailing dot (resolv.conf(5)). */
interface SearchRules {
  domains: string[];
  ndots: number;
}

/** The files by which an administrator configures names on this machine. */
export interface HostFiles {
  /** The addresses of a name in the hosts file, or of a loopback name. */
  addressesOf(hostname: string): LookupAddress[] | undefined;
  /** The names to query, in order, until one exists. */
  candidatesOf(hostname: string): string[];
}

/** Reads the hosts file and resolv.conf, and reads them again after they have changed. */
export function createHostFiles(paths: { hosts?: string; resolvConf?: string } = {}): HostFiles {
  const hosts = new WatchedFile(paths.hosts ?? HOSTS, parseHosts);
  const search = new WatchedFile(paths.resolvConf ?? RESOLV_CONF, parseSearch);
  return {
    addressesOf(hostname) {
      const name = withoutDot(hostname.toLowerCase());
      const isLoopback = name === 'localhost' || name.endsWith('.localhost');
      return hosts.read().get(name) ?? (isLoopback ? LOOPBACK : undefined);
    },
    candidatesOf(hostname) {
      if (hostname.endsWith('.')) return [withoutDot(hostname)];
      const { domains, ndots } = search.read();
      const searched = domains.map((domain) => `${hostname}.${domain}`);
      const dots = hostname.split('.').length - 1;
      return dots >= ndots ? [hostname, ...searched] : [...searched, hostname];
    },
  };
}

function parseHosts(text: string): Map<string, LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = net.isIP(address);
    if (family === 0 || address.includes('%')) continue;
    for (const name of names) {
      const key = withoutDot(name.toLowerCase());
      hosts.set(key, [...(hosts.get(key) ?? []), { address, family }]);
    }
  }
  return hosts;
}

function parseSearch(text: string): SearchRules {
  const rules: SearchRules = { domains: [], ndots: 1 };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'search' || keyword === 'domain') {
      rules.domains = values.map(withoutDot).filter(Boolean);
    } else if (keyword === 'options') {
      const ndots = values.find((option) => /^ndots:\d+$/.test(option));
      if (ndots) rules.ndots = Math.min(MAX_NDOTS, Number(ndots.slice('ndots:'.length)));
    }
  }
  return rules;
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}
