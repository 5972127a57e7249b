import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import { errors } from 'undici';
import { TimeLimit } from '../process/time-limit';

/** RFC 8305 §8, Connection Attempt Delay. */
const NEXT_ADDRESS_AFTER_MS = 250;
/**
 * All addresses are tried within this time, so that the last one is tried before the shortest
 * timeout of a subscription (1 s) ends.
 */
const ALL_ADDRESSES_WITHIN_MS = 750;
/** A name with more addresses is not tried at all of them. */
const MAX_ADDRESSES = 8;

type Done = (error: Error | null, socket: net.Socket | null) => void;

/**
 * Connects to the first address that answers (Happy Eyeballs, RFC 8305 §5): the next address is
 * tried too when an attempt fails, or after 250 ms. Unlike `autoSelectFamily` of Node, it does not
 * give up an attempt when it begins the next, because distant hosts take longer than that.
 *
 * @param done - called once, with a connected socket or with an error
 * @returns a function that gives up
 */
export function connectToFirst(
  addresses: readonly LookupAddress[],
  port: number,
  timeoutMs: number,
  done: Done,
): (reason: Error) => void {
  const candidates = alternating(addresses).slice(0, MAX_ADDRESSES);
  const paceMs = Math.min(NEXT_ADDRESS_AFTER_MS, ALL_ADDRESSES_WITHIN_MS / Math.max(1, candidates.length - 1));
  const sockets = new Set<net.Socket>();
  const failures: Error[] = [];
  let tried = 0;
  let pace: NodeJS.Timeout | undefined;
  let settled = false;

  const settle: Done = (error, socket) => {
    if (settled) return;
    settled = true;
    clearTimeout(pace);
    deadline.clear();
    for (const other of sockets) if (other !== socket) other.destroy();
    done(error, socket);
  };
  const deadline = new TimeLimit(timeoutMs, () => settle(new errors.ConnectTimeoutError(), null));

  function tryNext(): void {
    clearTimeout(pace);
    const candidate = candidates[tried++];
    if (settled || !candidate) return;
    const socket = net.connect({ host: candidate.address, port });
    sockets.add(socket);
    const fail = (error: Error) => {
      sockets.delete(socket);
      failures.push(error);
      if (settled) return;
      if (tried < candidates.length) tryNext();
      else if (sockets.size === 0) settle(failures.length === 1 ? error : new AggregateError(failures), null);
    };
    // Stays until the caller has added its own listener: an error in between must not be fatal.
    socket.on('error', fail);
    socket.once('connect', () => settle(null, socket));
    if (tried < candidates.length) pace = setTimeout(tryNext, paceMs);
  }

  tryNext();
  return (reason) => settle(reason, null);
}

/** RFC 8305 §4: the families alternate, beginning with that of the first address. */
function alternating(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family);
  return first
    .flatMap((address, index) => [address, ...second.slice(index, index + 1)])
    .concat(second.slice(first.length));
}
