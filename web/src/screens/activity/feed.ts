import { t } from '@lingui/core/macro';
import { withQuery } from '../../api/client';
import { parseJson } from '../../api/exact-json';
import { inPortal } from '../../api/portal';
import type { Activity } from '../../api/types';

/** The event names of the stream, with their labels. */
export const KINDS: Record<string, string> = {
  'event.accepted': t`Event accepted`,
  'attempt.finished': t`Attempt finished`,
  'notification.held': t`Held`,
  'notification.released': t`Released`,
  'notification.cancelled': t`Cancelled`,
  'notification.reopened': t`Retried`,
};

/** A row of the feed: an activity, or a gap that the server no longer holds. */
export type Entry = { key: number } & ({ activity: Activity } | { gap: { from: string; until: string } });

export interface FeedFilter {
  type: string;
  customerId: string;
  subscriptionId: string;
  /** `payload` asks for the data of accepted events. */
  include: string;
}

export interface FeedState {
  state: 'connecting' | 'live' | 'lost';
  paused: boolean;
  /** Newest first. */
  entries: Entry[];
  /** Entries received while paused. From `MAX_ENTRIES` on, further ones stay on the server. */
  waiting: number;
}

export const MAX_ENTRIES = 1000;
/** The longest time a received entry waits to be rendered; a burst of entries renders as one. */
const RENDER_INTERVAL_MS = 200;
const RECONNECT_MS = 3000;
const INITIAL: FeedState = { state: 'connecting', paused: false, entries: [], waiting: 0 };

/**
 * A live connection to the activity stream.
 *
 * States: connecting → live ⇄ lost. `EventSource` reconnects by itself after a dropped connection
 * and resumes after the last event. It gives up on any response that is not a stream; then this
 * class opens a new connection after `RECONNECT_MS`, resuming in the same place.
 *
 * While paused, entries collect up to `MAX_ENTRIES`. Then the connection closes, and `resume` opens
 * it again after the last entry, so a long pause loses nothing.
 */
export class Feed {
  private current = INITIAL;
  private waiting: Entry[] = [];
  private fresh: Entry[] = [];
  private lastEventId = '';
  private nextKey = 0;
  private source: EventSource | undefined;
  private renderTimer: ReturnType<typeof setTimeout> | undefined;
  private reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly filter: FeedFilter) {}

  /** For `useSyncExternalStore`. The connection is open while there is at least one listener. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1 && !this.isBufferFull()) this.connect();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.disconnect();
    };
  };
  readonly snapshot = (): FeedState => this.current;

  readonly pause = (): void => this.update({ paused: true });

  readonly resume = (): void => {
    this.fresh.push(...this.waiting);
    this.waiting = [];
    this.update({ paused: false, waiting: 0, entries: this.mergeFresh() });
    if (!this.source && this.reconnectTimer === undefined) this.connect();
  };

  private connect(): void {
    this.reconnectTimer = undefined;
    const source = new EventSource(
      withQuery('/v1/activity', { ...this.filter, lastEventId: this.lastEventId, portal: inPortal || undefined }),
    );
    this.source = source;
    source.onopen = () => this.update({ state: 'live' });
    source.onerror = () => {
      this.update({ state: 'lost' });
      if (source.readyState !== EventSource.CLOSED) return;
      this.source = undefined;
      this.reconnectTimer = setTimeout(() => this.connect(), RECONNECT_MS);
    };
    for (const kind of Object.keys(KINDS))
      source.addEventListener(kind, ({ data, lastEventId }: MessageEvent<string>) => {
        this.lastEventId = lastEventId;
        this.receive({ key: this.nextKey++, activity: parseJson<Activity>(data) });
      });
    source.addEventListener('activity.gap', ({ data }: MessageEvent<string>) =>
      this.receive({ key: this.nextKey++, gap: parseJson<{ from: string; until: string }>(data) }),
    );
  }

  private disconnect(): void {
    clearTimeout(this.reconnectTimer);
    clearTimeout(this.renderTimer);
    this.reconnectTimer = this.renderTimer = undefined;
    this.source?.close();
    this.source = undefined;
  }

  private receive(entry: Entry): void {
    // Entries that arrive after the close are sent again on the next connection.
    if (!this.source) return;
    (this.current.paused ? this.waiting : this.fresh).push(entry);
    if (this.isBufferFull()) {
      this.source.close();
      this.source = undefined;
    }
    this.renderTimer ??= setTimeout(() => {
      this.renderTimer = undefined;
      this.update({ waiting: this.waiting.length, entries: this.mergeFresh() });
    }, RENDER_INTERVAL_MS);
  }

  private isBufferFull(): boolean {
    return this.waiting.length >= MAX_ENTRIES;
  }

  private mergeFresh(): Entry[] {
    if (this.fresh.length === 0) return this.current.entries;
    const entries = [...this.fresh.reverse(), ...this.current.entries].slice(0, MAX_ENTRIES);
    this.fresh = [];
    return entries;
  }

  private update(changes: Partial<FeedState>): void {
    this.current = { ...this.current, ...changes };
    for (const notify of this.listeners) notify();
  }
}
