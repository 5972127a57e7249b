import { withQuery } from '../../api/client';
import type { Activity } from '../../api/types';

/** The event names of the stream, with their labels. */
export const KINDS: Record<string, string> = {
  'event.accepted': 'Event accepted',
  'attempt.finished': 'Attempt finished',
  'notification.held': 'Held',
  'notification.released': 'Released',
  'notification.cancelled': 'Cancelled',
  'notification.reopened': 'Retried',
};

/** A row of the feed: an activity, or a gap that the server no longer holds. */
export type Entry = { key: number } & ({ activity: Activity } | { gap: { from: string; until: string } });

export interface Narrowing {
  type: string;
  customerId: string;
  subscriptionId: string;
}

export interface Seen {
  state: 'connecting' | 'live' | 'lost';
  paused: boolean;
  /** Newest first. */
  entries: Entry[];
  /** Entries received while paused. From `MAX_ENTRIES` on, further ones stay on the server. */
  waiting: number;
}

export const MAX_ENTRIES = 1000;
/** The longest time a received entry waits to be rendered; a burst of entries renders as one. */
const DRAW_EVERY_MS = 200;
const RECONNECT_MS = 3000;
const NOTHING: Seen = { state: 'connecting', paused: false, entries: [], waiting: 0 };

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
  private seen = NOTHING;
  private waiting: Entry[] = [];
  private fresh: Entry[] = [];
  private lastEventId = '';
  private nextKey = 0;
  private source: EventSource | undefined;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private reconnecting: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly narrowing: Narrowing) {}

  /** For `useSyncExternalStore`. The connection is open while there is at least one listener. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1 && !this.isFull()) this.connect();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.disconnect();
    };
  };
  readonly snapshot = (): Seen => this.seen;

  readonly pause = (): void => this.show({ paused: true });

  readonly resume = (): void => {
    this.fresh.push(...this.waiting);
    this.waiting = [];
    this.show({ paused: false, waiting: 0, entries: this.withFresh() });
    if (!this.source && this.reconnecting === undefined) this.connect();
  };

  private connect(): void {
    this.reconnecting = undefined;
    const source = new EventSource(withQuery('/v1/activity', { ...this.narrowing, lastEventId: this.lastEventId }));
    this.source = source;
    source.onopen = () => this.show({ state: 'live' });
    source.onerror = () => {
      this.show({ state: 'lost' });
      if (source.readyState !== EventSource.CLOSED) return;
      this.source = undefined;
      this.reconnecting = setTimeout(() => this.connect(), RECONNECT_MS);
    };
    for (const kind of Object.keys(KINDS))
      source.addEventListener(kind, ({ data, lastEventId }: MessageEvent<string>) => {
        this.lastEventId = lastEventId;
        this.take({ key: this.nextKey++, activity: JSON.parse(data) as Activity });
      });
    source.addEventListener('activity.gap', ({ data }: MessageEvent<string>) =>
      this.take({ key: this.nextKey++, gap: JSON.parse(data) as { from: string; until: string } }),
    );
  }

  private disconnect(): void {
    clearTimeout(this.reconnecting);
    clearTimeout(this.drawing);
    this.reconnecting = this.drawing = undefined;
    this.source?.close();
    this.source = undefined;
  }

  private take(entry: Entry): void {
    // Entries that arrive after the close are sent again on the next connection.
    if (!this.source) return;
    (this.seen.paused ? this.waiting : this.fresh).push(entry);
    if (this.isFull()) {
      this.source.close();
      this.source = undefined;
    }
    this.drawing ??= setTimeout(() => {
      this.drawing = undefined;
      this.show({ waiting: this.waiting.length, entries: this.withFresh() });
    }, DRAW_EVERY_MS);
  }

  private isFull(): boolean {
    return this.waiting.length >= MAX_ENTRIES;
  }

  private withFresh(): Entry[] {
    if (this.fresh.length === 0) return this.seen.entries;
    const entries = [...this.fresh.reverse(), ...this.seen.entries].slice(0, MAX_ENTRIES);
    this.fresh = [];
    return entries;
  }

  private show(changes: Partial<Seen>): void {
    this.seen = { ...this.seen, ...changes };
    for (const notify of this.listeners) notify();
  }
}
