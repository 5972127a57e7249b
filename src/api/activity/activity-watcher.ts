import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { encodePosition, type ActivityPayload, type Position } from '../../domain/activity';
import type { Scope } from '../../domain/types';
import type { ActivityPage, Frame } from './activity-reader';

/** How long a client waits before it reconnects. */
const RECONNECT_MS = 2000;
/** Timeout for a client to read a page while it catches up. */
const READ_TIMEOUT_MS = 30_000;
/** How long an ended response may still be read before its connection is closed. */
const END_MS = 1000;

/** Narrows the stream; an absent field does not narrow. */
export interface ActivityFilter {
  /** The event type. */
  type?: string;
  customerId?: string;
  subscriptionId?: string;
}

export interface WatcherOptions {
  /** The open response that the stream is written to. */
  response: ServerResponse;
  credentialId: string;
  customerId: string | null;
  /** What the credential may see. */
  scope: Scope;
  /** What the client wants to see of it. */
  filter: ActivityFilter;
  /** Whether the client asked for the payloads of events. */
  includePayload: boolean;
  /** Whether the credential is still valid. */
  stillAllowed(): Promise<boolean>;
  /** Where the stream starts. */
  position: Position;
  /** A client with more unread bytes than this is disconnected. */
  maxUnreadBytes: number;
}

/** One client of the activity stream: its scope and filter, its position, and its open response. */
export class Watcher {
  closed = false;
  readonly credentialId: string;
  readonly customerId: string | null;
  position: Position;
  private readonly response: ServerResponse;

  constructor(private readonly options: WatcherOptions) {
    const { response, credentialId, customerId, position } = options;
    this.response = response;
    this.credentialId = credentialId;
    this.customerId = customerId;
    this.position = position;
    response.once('close', () => (this.closed = true));
    // A connection may break during a write. Without a listener, the error would crash the process.
    response.on('error', () => (this.closed = true));
  }

  get includesPayload(): boolean {
    return this.options.includePayload;
  }

  stillAllowed(): Promise<boolean> {
    return this.options.stillAllowed();
  }

  /** Sends the headers, and a position to resume from even if no event follows. */
  open(): void {
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Proxies that buffer responses would delay the stream.
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    this.write(`retry: ${RECONNECT_MS}\nid: ${encodePosition(this.position)}\n\n`);
  }

  /** Reports a period that is too old to be sent. */
  sendGap(from: Date, until: Date): void {
    this.write(`event: activity.gap\ndata: ${JSON.stringify({ from, until })}\n\n`);
  }

  /** @param payloads - of the events of the page by UUID, for a client that asked for them */
  send({ frames, position }: ActivityPage, payloads?: ReadonlyMap<string, ActivityPayload>): void {
    for (const frame of frames) {
      if (!this.wants(frame)) continue;
      const payload = payloads?.get(frame.uuid);
      this.write(payload ? frame.textWith(payload) : frame.text);
    }
    this.position = position;
  }

  /** The UUIDs of the events of a page whose payloads the client asked for. */
  payloadsOf({ frames }: ActivityPage): string[] {
    if (!this.options.includePayload) return [];
    const accepted = frames.filter(({ activity }) => activity.kind === 'event.accepted');
    return accepted.filter((frame) => this.wants(frame)).map(({ uuid }) => uuid);
  }

  /** Keeps the connection open, and the client's position current while no event matches. */
  sendHeartbeat(): void {
    this.write(`: heartbeat\nid: ${encodePosition(this.position)}\n\n`);
  }

  /**
   * Waits until the client has read what was written; disconnects it after {@link READ_TIMEOUT_MS}.
   */
  async drained(): Promise<void> {
    if (this.closed || !this.response.writableNeedDrain) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    const timer = setTimeout(() => waiting.abort(), READ_TIMEOUT_MS);
    try {
      await Promise.race([once(this.response, 'drain', { signal }), once(this.response, 'close', { signal })]);
    } catch {
      this.disconnect();
    } finally {
      clearTimeout(timer);
      waiting.abort();
    }
  }

  /** Ends the stream. The client may still read what was written, for {@link END_MS}. */
  end(): void {
    this.closed = true;
    this.response.end();
    setTimeout(() => this.response.destroy(), END_MS).unref();
  }

  private disconnect(): void {
    this.closed = true;
    this.response.destroy();
  }

  private wants({ activity, isNotified }: Frame): boolean {
    const { productId, customerId, type, subscriptionId } = activity;
    const { scope, filter } = this.options;
    return (
      (isNotified || scope.customerId === undefined) &&
      (scope.productIds?.includes(productId) ?? true) &&
      customerId === (scope.customerId ?? customerId) &&
      customerId === (filter.customerId ?? customerId) &&
      type === (filter.type ?? type) &&
      subscriptionId === (filter.subscriptionId ?? subscriptionId)
    );
  }

  private write(text: string): void {
    if (this.closed || this.response.destroyed) return;
    this.response.write(text);
    if (this.response.writableLength > this.options.maxUnreadBytes) this.disconnect();
  }
}
