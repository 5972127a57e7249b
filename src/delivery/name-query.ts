import dns, { type LookupAddress } from 'node:dns';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { TimeLimit } from '../process/time-limit';

/** Timeout of the first try at a name server. c-ares doubles it for the second. */
const TRY_TIMEOUT_MS = 1000;
const TRIES = 2;
/**
 * How long the addresses of one family wait for those of the other (RFC 8305 §3, resolution delay).
 * Some name servers never answer AAAA queries.
 */
const OTHER_FAMILY_MS = 250;
/** These end the search: other names would get no answer either. */
const FINAL_CODES = ['ETIMEOUT', 'ECANCELLED'];

/** Addresses from a name server. */
export interface QueriedName {
  addresses: LookupAddress[];
  /** The lowest time to live of all records, in seconds. */
  ttlSeconds: number;
}

export interface NameQueryOptions {
  /** Name servers, as for `dns.setServers`. @default those of the system */
  servers?: readonly string[];
  /** Deadline of the whole query, in milliseconds. */
  timeoutMs: number;
  /** Ends the query. */
  signal: AbortSignal;
}

interface AddressRecord {
  address: string;
  ttl: number;
}

/**
 * Asks the name servers for the addresses of the first of several names that has any. It does not
 * use the threads of the process, unlike `dns.lookup`, of which two hanging calls block all others.
 *
 * @throws an error of c-ares; `ETIMEOUT` after the deadline
 */
export async function queryName(
  candidates: readonly string[],
  { servers, timeoutMs, signal }: NameQueryOptions,
): Promise<QueriedName> {
  // A resolver of its own makes the query cancellable, and reads the system's name servers afresh.
  const resolver = new dns.promises.Resolver({ timeout: TRY_TIMEOUT_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  let timedOut = false;
  const limit = new TimeLimit(timeoutMs, () => {
    timedOut = true;
    resolver.cancel();
  });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await firstOf(candidates, (name) => queryBothFamilies(resolver, name));
  } catch (error) {
    throw timedOut ? Object.assign(error as Error, { code: dns.TIMEOUT }) : error;
  } finally {
    limit.clear();
    signal.removeEventListener('abort', cancel);
    // One family may still be unanswered.
    resolver.cancel();
  }
}

async function firstOf(
  candidates: readonly string[],
  query: (name: string) => Promise<QueriedName>,
): Promise<QueriedName> {
  let failure: unknown;
  for (const name of candidates) {
    try {
      return await query(name);
    } catch (error) {
      failure = error;
      if (FINAL_CODES.includes((error as NodeJS.ErrnoException).code ?? '')) break;
    }
  }
  throw failure;
}

async function queryBothFamilies(resolver: dns.promises.Resolver, name: string): Promise<QueriedName> {
  const found: Record<4 | 6, AddressRecord[]> = { 4: [], 6: [] };
  const queries = [
    resolver.resolve4(name, { ttl: true }).then((records) => (found[4] = records)),
    resolver.resolve6(name, { ttl: true }).then((records) => (found[6] = records)),
  ];
  const settled = Promise.allSettled(queries);
  const oneFamilySettled = Promise.any(queries).then(
    () => delay(OTHER_FAMILY_MS, undefined, { ref: false }),
    () => undefined,
  );
  await Promise.race([settled, oneFamilySettled]);
  // Throws the error of A, which is the one that people look for.
  if (found[4].length + found[6].length === 0) await Promise.all(queries);
  const records = [...found[4], ...found[6]];
  // An alias of a name without an address is an answer, too.
  if (records.length === 0) throw Object.assign(new Error('no address'), { code: dns.NODATA });
  const addresses = (preferredFamilies() as (4 | 6)[]).flatMap((family) =>
    found[family].map(({ address }) => ({ address, family })),
  );
  return { addresses, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) };
}

/**
 * IPv6 comes first if this machine has a global IPv6 address (RFC 6724 §6, rule 1: avoid unusable
 * destinations).
 */
function preferredFamilies(): [6, 4] | [4, 6] {
  const interfaces = Object.values(os.networkInterfaces()).flat();
  const hasIpv6 = interfaces.some((entry) => entry?.family === 'IPv6' && !entry.internal && entry.scopeid === 0);
  return hasIpv6 ? [6, 4] : [4, 6];
}
