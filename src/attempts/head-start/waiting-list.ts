import { HEAD_START_WAIT_SECONDS } from '../../domain/delivery';
import type { HeadStartDelivery } from '../../domain/head-start';

/**
 * The claim runs by the clock of Postgres, the wait by ours. This much time may pass between the
 * start of the claiming statement and its reading of the clock.
 */
const MARGIN_MS = 1000;
/**
 * How long what the accept wrote counts as fresh. A head start that waits longer is part of a
 * backlog and reads again.
 */
const FRESH_MS = 1000;
/**
 * A claim is renewed after this time, so that all claims of a long queue are renewed before any of
 * them is too old.
 */
const RENEW_AFTER_MS = 6000;
/** How long the claim of a head start is renewed. After that, other processes may make it. */
const RENEW_FOR_MS = 60_000;
/** Upper limit of the payloads that wait. What is beyond it is read again when its turn comes. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A head start that waits for a slot. */
export interface Waiting {
  /** `performance.now()` before the statement that claimed it, or renewed the claim. */
  claimedAt: number;
  /** Until when its claim is renewed, by `performance.now()`; absent if it is not. */
  renewUntil?: number;
  /** What the accept wrote; absent if it has to be read again. */
  accepted?: HeadStartDelivery;
  /** Set when it does not wait any more. */
  left?: boolean;
}

/** An item and its claim. If the claim was renewed since, the item is listed again. */
interface Listed<T> {
  item: T;
  claimedAt: number;
}

/**
 * What waits for a slot, in order of arrival. Bounds it by time: whatever its line is parked under,
 * a head start leaves when its claim has nearly lapsed, and its payload is dropped when it is not
 * fresh any more.
 */
export class WaitingList<T extends Waiting> {
  private readonly all: Listed<T>[] = [];
  /** Those whose claims are renewed, the oldest claim first. */
  private readonly toRenew: T[] = [];
  /** Those with a payload, in the order of arrival. */
  private readonly withPayload: T[] = [];
  private bytes = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  get payloadBytes(): number {
    return this.bytes;
  }

  push(item: T): void {
    this.count += 1;
    this.list(item);
    if (this.bytes + sizeOf(item) > MAX_BYTES) item.accepted = undefined;
    if (!item.accepted) return;
    this.bytes += sizeOf(item);
    this.withPayload.push(item);
  }

  /** Notes that an item does not wait any more. @returns its payload, if that is still fresh */
  leave(item: T): HeadStartDelivery | undefined {
    const accepted = isFresh(item) ? item.accepted : undefined;
    item.left = true;
    this.count -= 1;
    this.bytes -= sizeOf(item);
    item.accepted = undefined;
    return accepted;
  }

  /** Drops payloads that are not fresh. @returns those whose turn did not come in time */
  sweep(): T[] {
    shiftWhile(this.withPayload, (item) => item.left || !isFresh(item)).forEach((item) => this.dropPayload(item));
    const passed = shiftWhile(this.all, ({ item, claimedAt }) => item.left || isTooLate({ claimedAt }));
    return passed.map(({ item }) => item).filter((item) => !item.left && isTooLate(item));
  }

  /** @returns the items whose claims have to be renewed now; each claim once */
  takeToRenew(): T[] {
    const now = performance.now();
    const due = shiftWhile(this.toRenew, (item) => item.left || now > item.claimedAt + RENEW_AFTER_MS);
    return due.filter((item) => !item.left && now < item.renewUntil!);
  }

  /** @param claimedAt - `performance.now()` before the statement that renewed the claim */
  noteRenewed(item: T, claimedAt: number): void {
    if (item.left) return;
    item.claimedAt = claimedAt;
    this.list(item);
  }

  private list(item: T): void {
    this.all.push({ item, claimedAt: item.claimedAt });
    if (item.renewUntil !== undefined) this.toRenew.push(item);
  }

  private dropPayload(item: T): void {
    if (item.left) return;
    this.bytes -= sizeOf(item);
    item.accepted = undefined;
  }
}

/** Takes items from the front of a list, in one step. */
function shiftWhile<T>(list: T[], holds: (item: T) => boolean | undefined): T[] {
  const end = list.findIndex((item) => !holds(item));
  return list.splice(0, end === -1 ? list.length : end);
}

function sizeOf({ accepted }: Waiting): number {
  if (!accepted) return 0;
  const { data, user } = accepted.facts.event;
  return data.length + (user?.length ?? 0);
}

/** Until when the claim of a head start that begins to wait now is renewed. */
export function renewUntil(): number {
  return performance.now() + RENEW_FOR_MS;
}

export function isFresh({ accepted, claimedAt }: Waiting): boolean {
  return accepted !== undefined && performance.now() - claimedAt <= FRESH_MS;
}

/** Until when the request of a head start may begin, by `performance.now()`. */
export function beginBefore({ claimedAt }: Pick<Waiting, 'claimedAt'>): number {
  return claimedAt + HEAD_START_WAIT_SECONDS * 1000 - MARGIN_MS;
}

/**
 * A head start that begins too late might still be sending when its claim lapses, and then the
 * workflow sends too.
 */
export function isTooLate(item: Pick<Waiting, 'claimedAt'>): boolean {
  return performance.now() > beginBefore(item);
}
