import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_RETRY, delayMs } from './backoff.js';
import { SignpostError, SignpostUnreachableError } from './errors.js';
import { framesOf, type Frame } from './event-stream.js';
import type { components } from './openapi.js';
import { isRetryable, problemOf } from './outcome.js';
import type { Transport } from './transport.js';
import type { Query } from './types.js';

/** An entry of the activity stream. */
export type Activity = components['schemas']['Activity'] & {
  /** Where the entry stands in the stream, to resume after it. */
  position: string;
};

/** A period that the stream skips, because it is more than 24 hours ago. */
export interface ActivityGap {
  kind: 'activity.gap';
  /** RFC 3339, UTC. */
  from: string;
  /** RFC 3339, UTC. */
  until: string;
  position: string;
}

/** Options of `signpost.activity.stream`. */
export interface ActivityOptions {
  /** Only activity of this event type. */
  type?: string;
  /** Only activity of this customer. */
  customerId?: string;
  /** Only activity of this subscription, which excludes `event.accepted`. */
  subscriptionId?: string;
  /** `payload` adds the data of accepted events, up to 16 KiB each. */
  include?: 'payload';
  /**
   * The `position` of the last entry that was processed. The stream continues after it.
   * @default now
   */
  after?: string;
  /** Ends the stream. */
  signal?: AbortSignal;
  /**
   * Called when the stream is interrupted, before it reconnects: Signpost is unreachable, ended the
   * stream, or limits the number of streams.
   */
  onFault?(error: Error): void;
  /** Called when the stream is connected: at first, and after every interruption. */
  onOpen?(): void;
}

type Filter = Query<'/v1/activity', 'get'>;

/** Signpost sends something at least every 15 seconds. A connection silent for longer is dead. */
const SILENCE_MS = 45_000;

/** The live feed of accepted events, attempts and status changes. */
export class ActivityFeed {
  constructor(private readonly transport: Transport) {}

  /**
   * Yields entries as they happen. If the connection breaks, the stream reconnects with growing
   * waits and resumes after the last entry, without gaps or repeats for up to 24 hours.
   *
   * @throws {@link SignpostError} if the credential or the filter is refused
   * @example
   * ```ts
   * for await (const entry of signpost.activity.stream({ customerId: 'customer1' })) {
   *   if (entry.kind === 'attempt.finished') console.log(entry.notificationId, entry.status);
   * }
   * ```
   */
  async *stream(options: ActivityOptions = {}): AsyncGenerator<Activity | ActivityGap, void> {
    const { after, signal, onFault, onOpen, ...filter } = options;
    let position = after;
    let failures = 0;
    while (!signal?.aborted) {
      let retryAfter: string | null = null;
      try {
        for await (const frame of this.frames(filter, position, { signal, onOpen })) {
          if ('refused' in frame) {
            retryAfter = frame.retryAfter;
            throw frame.refused;
          }
          failures = 0;
          position = frame.id ?? position;
          if (frame.data !== '') yield entryOf(frame, position);
        }
        throw new SignpostUnreachableError('Signpost ended the activity stream.');
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof SignpostError && !isRetryable(error.status)) throw error;
        onFault?.(error as Error);
      }
      const waitMs = delayMs(failures++, retryAfter, { ...DEFAULT_RETRY, retries: Infinity });
      await sleep(waitMs ?? DEFAULT_RETRY.maxRetryAfterMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection. Its iterator closes it, also when it ends early. */
  private async *frames(
    filter: Filter,
    position: string | undefined,
    { signal, onOpen }: Pick<ActivityOptions, 'signal' | 'onOpen'>,
  ): AsyncGenerator<Frame | { refused: SignpostError; retryAfter: string | null }, void> {
    const silence = new AbortController();
    const watchdog = setTimeout(
      () => silence.abort(new SignpostUnreachableError(`The activity stream was silent for ${SILENCE_MS} ms.`)),
      SILENCE_MS,
    );
    const ending = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
    try {
      const opened = await this.transport.open('/v1/activity', {
        query: filter,
        headers: { accept: 'text/event-stream', ...(position === undefined ? {} : { 'last-event-id': position }) },
        signal: ending,
      });
      if ('status' in opened) {
        yield { refused: problemOf(opened), retryAfter: opened.retryAfter };
        return;
      }
      onOpen?.();
      for await (const frame of framesOf(opened.body)) {
        watchdog.refresh();
        yield frame;
      }
    } finally {
      clearTimeout(watchdog);
      silence.abort();
    }
  }
}

function entryOf({ event, data }: Frame, position = ''): Activity | ActivityGap {
  const value = { ...(JSON.parse(data) as Activity), position };
  return event === 'activity.gap' ? ({ ...value, kind: event } as unknown as ActivityGap) : value;
}
