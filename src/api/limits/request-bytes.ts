import type { IncomingHttpHeaders } from 'node:http';
import { FairBound } from '../../domain/fair-bound';
import { tenantOf } from '../../domain/fairness';
import { Problem } from '../../domain/problems';
import type { Principal } from '../../domain/types';
import type { BoundMetrics } from '../../process/bound-metrics';

/** What a request takes in addition to its body. It bounds the number of small ones. */
const REQUEST_BYTES = 4096;
/** A few requests of the usual size limit. */
const SMALL_SHARE_BYTES = 1024 * 1024;
/** A body that takes longer gives way to any other request, if there is no memory left. */
const SLOW_AFTER_MS = 5000;
const RETRY_AFTER_SECONDS = 2;

interface Held {
  tenant: string;
  /** By `performance.now()`. */
  since: number;
  refuse(problem: Problem): void;
}

/** The memory that a request holds. */
export interface BodyHold {
  /**
   * Waits until the body is read.
   *
   * @throws Problem too-many-requests if the body has to give way, and what `reading` throws
   */
  whileArriving(reading: Promise<void>): Promise<void>;
  /** Ends the hold. */
  end(): void;
}

/**
 * Bounds the bodies of the requests that a process is handling. They are held from before they are
 * read until the response, so they bound what waits for Postgres as well.
 *
 * What waits for Postgres has a deadline of seconds. A body may arrive slowly for longer. So if
 * there is no room, bodies that are arriving give way: those of the tenant that holds the most, if
 * it holds more than the caller, and those that are slow. The longest arriving goes first.
 */
export class RequestBytes {
  private readonly held: FairBound;
  /** Bodies that are being read, the oldest first. */
  private readonly arriving = new Set<Held>();

  constructor(
    private readonly totalBytes: number,
    private readonly metrics: Pick<BoundMetrics, 'requestBytes' | 'requestBytesRefused'>,
  ) {
    this.held = new FairBound(totalBytes, totalBytes, Math.min(SMALL_SHARE_BYTES, totalBytes / 16));
  }

  /**
   * Holds the memory of a body that is about to be read.
   *
   * @param bodyBytes - as `bodyBytesOf` returns it
   * @throws Problem too-many-requests if the caller, or all callers together, hold too much
   */
  hold(principal: Principal, bodyBytes: number): BodyHold {
    const tenant = tenantOf(principal);
    const bytes = REQUEST_BYTES + bodyBytes;
    this.makeRoom(tenant, bytes);
    if (!this.held.hasRoom(tenant, bytes)) throw this.refusal();
    this.held.take(tenant, bytes);
    this.report();
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      this.held.giveBack(tenant, bytes);
      this.report();
    };
    return {
      whileArriving: (reading) =>
        new Promise((resolve, reject) => {
          const refuse = (problem: Problem) => {
            this.arriving.delete(body);
            end();
            reject(problem);
          };
          const body: Held = { tenant, since: performance.now(), refuse };
          this.arriving.add(body);
          reading.finally(() => this.arriving.delete(body)).then(resolve, reject);
        }),
      end,
    };
  }

  private makeRoom(tenant: string, bytes: number): void {
    const share = this.held.heldBy(tenant) + bytes;
    // A lone tenant has at most half.
    while (!this.held.hasRoom(tenant, bytes) && share <= this.totalBytes / 2) {
      const body = this.bodyThatGivesWay(share);
      if (!body) return;
      // The rest of the body is not read.
      body.refuse(this.refusal({ connection: 'close' }));
    }
  }

  /** @param share - what the caller would hold */
  private bodyThatGivesWay(share: number): Held | undefined {
    let [largest] = this.arriving;
    if (!largest || largest.since < performance.now() - SLOW_AFTER_MS) return largest;
    for (const body of this.arriving)
      if (this.held.heldBy(body.tenant) > this.held.heldBy(largest.tenant)) largest = body;
    return this.held.heldBy(largest.tenant) > share ? largest : undefined;
  }

  private refusal(headers?: Record<string, string>): Problem {
    this.metrics.requestBytesRefused.inc();
    return new Problem(
      'too-many-requests',
      'Too many requests are being handled at the same time. Nothing in this request was accepted; retry later.',
      { headers: { 'retry-after': String(RETRY_AFTER_SECONDS), ...headers } },
    );
  }

  private report(): void {
    this.metrics.requestBytes.set(this.held.inUse);
  }
}

/**
 * The size of a body before it is read. One of unknown size, or a compressed one, may have as much
 * as is allowed.
 */
export function bodyBytesOf(headers: IncomingHttpHeaders, limitBytes: number): number {
  const length = headers['content-length'];
  if (length === undefined || headers['content-encoding'] !== undefined)
    return headers['transfer-encoding'] === undefined && length === undefined ? 0 : limitBytes;
  return Math.min(limitBytes, Number(length) || 0);
}
