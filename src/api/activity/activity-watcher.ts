import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { encodePosition, type Activity, type Position } from '../../domain/activity';
import type { Scope } from '../../domain/types';
import type { ActivityPage } from './activity-reader';

/** How long a client waits before it connects again. */
const RECONNECT_MS = 2000;
/** How long one that catches up may take to read a page. */
const READ_TIMEOUT_MS = 30_000;
const END_MS = 1000;

/** Narrows the stream; an absent field does not narrow. */
export interface ActivityFilter {
  /** The event type. */
  type?: string;
  customerId?: string;
  subscriptionId?: string;
}

/** One who watches: what it may see and wants to see, how far it is, and the open response. */
export class Watcher {
  closed = false;

  constructor(
    private readonly response: ServerResponse,
    readonly credentialId: string,
    private readonly scope: Scope,
    private readonly filter: ActivityFilter,
    /** Whether its credential still holds. */
    readonly stillAllowed: () => Promise<boolean>,
    public position: Position,
    private readonly maxUnreadBytes: number,
  ) {
    response.once('close', () => (this.closed = true));
    // A connection that breaks while it is written to is closed, and no more than that.
    response.on('error', () => (this.closed = true));
  }

  /** Sends the headers, and the position to resume from should nothing follow. */
  open(): void {
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Proxies that gather what they pass on would hold the stream up.
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    this.write(`retry: ${RECONNECT_MS}\nid: ${encodePosition(this.position)}\n\n`);
  }

  /** Says that a part of what it asked for is too old to be told. */
  tellGap(from: Date, until: Date): void {
    this.write(`event: activity.gap\ndata: ${JSON.stringify({ from, until })}\n\n`);
  }

  tell({ frames, position }: ActivityPage): void {
    for (const { activity, text } of frames) if (this.wants(activity)) this.write(text);
    this.position = position;
  }

  /** Keeps the connection open, and the position fresh where nothing of interest happens. */
  beat(): void {
    this.write(`: heartbeat\nid: ${encodePosition(this.position)}\n\n`);
  }

  /** Waits until what was written is read; one that does not read is cut off. */
  async drained(): Promise<void> {
    if (this.closed || !this.response.writableNeedDrain) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    const timer = setTimeout(() => waiting.abort(), READ_TIMEOUT_MS);
    try {
      await Promise.race([once(this.response, 'drain', { signal }), once(this.response, 'close', { signal })]);
    } catch {
      this.cut();
    } finally {
      clearTimeout(timer);
      waiting.abort();
    }
  }

  /** Ends the stream; what was written may still be read for a moment. */
  end(): void {
    this.closed = true;
    this.response.end();
    setTimeout(() => this.response.destroy(), END_MS).unref();
  }

  private cut(): void {
    this.closed = true;
    this.response.destroy();
  }

  private wants({ productId, customerId, type, subscriptionId }: Activity): boolean {
    const { scope, filter } = this;
    return (
      productId === (scope.productId ?? productId) &&
      customerId === (scope.customerId ?? customerId) &&
      customerId === (filter.customerId ?? customerId) &&
      type === (filter.type ?? type) &&
      subscriptionId === (filter.subscriptionId ?? subscriptionId)
    );
  }

  private write(text: string): void {
    if (this.closed || this.response.destroyed) return;
    this.response.write(text);
    if (this.response.writableLength > this.maxUnreadBytes) this.cut();
  }
}
