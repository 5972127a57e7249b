import type { LookupAddress } from 'node:dns';
import { LRUCache } from 'lru-cache';
import { TimeLimit } from '../process/time-limit';
import { AbandonedError, NameLookupError } from './errors';
import { createHostFiles } from './host-files';
import { LookupSlots, type SlotLimits, type SlotRequest } from './lookup-slots';
import { queryName } from './name-query';

const MAX_CACHED_NAMES = 10_000;
const MIN_TTL_SECONDS = 1;
/** A receiver that moves should be found at its new address within a minute, whatever its TTL. */
const MAX_TTL_SECONDS = 60;
/** A failure is cached too, so that a name that hangs holds a slot for a part of the time only. */
const FAILURE_TTL_SECONDS = 5;
/** Deadline of a started look-up: two tries, at 1 and 2 s, and the time of the answers. */
const QUERY_TIMEOUT_MS = 4000;
/** Deadline of a look-up that waits for a slot. */
const WAIT_TIMEOUT_MS = 5000;
/**
 * Bounds of concurrent look-ups. One costs two UDP queries and about 0.1 ms of CPU time, so the
 * bounds limit sockets: 256 hanging names take at most 512.
 */
export const LOOKUP_LIMITS = { total: 256, perCustomer: 16 } as const;
const MAX_WAITING = 2000;
const MAX_WAITING_PER_CUSTOMER = 200;

/**
 * Finds the addresses of a name.
 *
 * @param customerId - the customer whose request needs them, whose bound the look-up counts against
 */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  customerId?: string,
) => void;

type Callback = Parameters<Resolve>[1];
type Outcome = { error: Error; addresses: [] } | { error: null; addresses: LookupAddress[] };

/** A look-up in progress, and those who wait for its result. */
interface Lookup {
  callbacks: Callback[];
  slot?: SlotRequest;
  abort: AbortController;
  settle(outcome: Outcome): void;
}

export interface ResolverOptions extends Partial<Pick<SlotLimits, 'total' | 'perCustomer'>> {
  /** Name servers, as for `dns.setServers`. @default those of the system */
  servers?: readonly string[];
  /** @default /etc/hosts */
  hosts?: string;
  /** @default /etc/resolv.conf */
  resolvConf?: string;
  /** Called when a look-up is refused because its line is full. */
  onRefused?: () => void;
}

/** The process's own resolver. A name server that hangs costs only the names it is asked for. */
export interface Resolver {
  resolve: Resolve;
  /** Look-ups at a name server. */
  readonly inUse: number;
  /** Look-ups that wait for a slot. */
  readonly waiting: number;
  /** Ends all look-ups and refuses new ones. */
  close(): void;
}

/**
 * Creates a resolver: the hosts file first, then a cache by TTL, then the name servers of the
 * system with a deadline. Concurrent requests for a name share one look-up, and each customer may
 * have only some in progress.
 */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const slots = new LookupSlots({
    total: options.total ?? LOOKUP_LIMITS.total,
    perCustomer: options.perCustomer ?? LOOKUP_LIMITS.perCustomer,
    waiting: MAX_WAITING,
    waitingPerCustomer: MAX_WAITING_PER_CUSTOMER,
  });
  const files = createHostFiles(options);
  const cache = new LRUCache<string, Outcome>({ max: MAX_CACHED_NAMES });
  const lookups = new Map<string, Lookup>();
  let closed = false;

  function begin(hostname: string, customer: string, callback: Callback): void {
    const lookup: Lookup = { callbacks: [callback], abort: new AbortController(), settle: () => undefined };
    lookup.settle = ({ error, addresses }) => {
      waiting.clear();
      lookups.delete(hostname);
      // A look-up that was ended by close() settles again when its query ends.
      for (const each of lookup.callbacks.splice(0)) each(error, addresses);
    };
    const waiting = new TimeLimit(WAIT_TIMEOUT_MS, () => {
      lookup.slot?.withdraw();
      lookup.settle(
        failure(new NameLookupError('the name look-up waited too long for other look-ups of the customer')),
      );
    });
    lookups.set(hostname, lookup);
    lookup.slot = slots.request(customer, (release) => {
      waiting.clear();
      void query(hostname, lookup.abort.signal).then((outcome) => {
        release();
        lookup.settle(outcome);
      });
    });
    if (lookup.slot) return;
    options.onRefused?.();
    lookup.settle(failure(new NameLookupError('too many name look-ups of the customer are waiting')));
  }

  async function query(hostname: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const { servers } = options;
      const candidates = files.candidatesOf(hostname);
      const { addresses, ttlSeconds } = await queryName(candidates, { servers, timeoutMs: QUERY_TIMEOUT_MS, signal });
      const outcome: Outcome = { error: null, addresses };
      cache.set(hostname, outcome, { ttl: 1000 * Math.min(MAX_TTL_SECONDS, Math.max(MIN_TTL_SECONDS, ttlSeconds)) });
      return outcome;
    } catch (error) {
      if (signal.aborted) return failure(new AbandonedError('the resolver is closed'));
      const outcome = failure(NameLookupError.of(error as NodeJS.ErrnoException));
      cache.set(hostname, outcome, { ttl: 1000 * FAILURE_TTL_SECONDS });
      return outcome;
    }
  }

  return {
    resolve(hostname, callback, customerId = '') {
      if (closed) return callback(new AbandonedError('the resolver is closed'), []);
      const local = files.addressesOf(hostname);
      if (local) return callback(null, local);
      const cached = cache.get(hostname);
      if (cached) return callback(cached.error, cached.addresses);
      const lookup = lookups.get(hostname);
      if (!lookup) return begin(hostname, customerId, callback);
      lookup.callbacks.push(callback);
      lookup.slot?.shareWith(customerId);
    },
    get inUse() {
      return slots.inUse;
    },
    get waiting() {
      return slots.waiting;
    },
    close() {
      closed = true;
      for (const lookup of lookups.values()) {
        lookup.slot?.withdraw();
        lookup.abort.abort();
        lookup.settle(failure(new AbandonedError('the resolver is closed')));
      }
    },
  };
}

function failure(error: Error): Outcome {
  return { error, addresses: [] };
}
