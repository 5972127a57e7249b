import type { IncomingHttpHeaders } from 'node:http';
import { FairBound } from '../../domain/fair-bound';
import { tenantOf } from '../../domain/fairness';
import { Problem } from '../../domain/problems';
import type { Principal } from '../../domain/types';
import type { BoundMetrics } from '../../process/bound-metrics';

/** What a request takes in addition to its body. It bounds the number of small ones. */
const REQUEST_BYTES = 4096;
const RETRY_AFTER_SECONDS = 2;

/**
 * Bounds the bodies of the requests that a process is handling. They are held from before they are
 * read until the response, so they bound what waits for Postgres as well.
 */
export class RequestBytes {
  private readonly held: FairBound;

  constructor(
    totalBytes: number,
    private readonly metrics: Pick<BoundMetrics, 'requestBytes' | 'requestBytesRefused'>,
  ) {
    this.held = new FairBound(totalBytes);
  }

  /**
   * Holds the memory of a body that is about to be read.
   *
   * @param bodyBytes - as `bodyBytesOf` returns it
   * @returns ends the hold
   * @throws Problem too-many-requests if the caller, or all callers together, hold too much
   */
  hold(principal: Principal, bodyBytes: number): () => void {
    const tenant = tenantOf(principal);
    const bytes = REQUEST_BYTES + bodyBytes;
    if (!this.held.hasRoom(tenant, bytes)) {
      this.metrics.requestBytesRefused.inc();
      throw new Problem(
        'too-many-requests',
        'Too many requests are being handled at the same time. Nothing in this request was accepted; retry later.',
        { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } },
      );
    }
    this.held.take(tenant, bytes);
    this.metrics.requestBytes.set(this.held.inUse);
    return () => {
      this.held.giveBack(tenant, bytes);
      this.metrics.requestBytes.set(this.held.inUse);
    };
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
