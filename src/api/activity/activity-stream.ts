import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ActivityPayload, Position } from '../../domain/activity';
import { FairBound } from '../../domain/fair-bound';
import { Problem } from '../../domain/problems';
import type { Scope } from '../../domain/types';
import { adopted, momentOfNow } from '../../store/reporting/activity';
import type { Executor } from '../../store/db/database';
import { readPayloads } from '../../store/reporting/activity-payloads';
import { readActivity, type ActivityPage } from './activity-reader';
import { Watcher, type ActivityFilter } from './activity-watcher';

/** How far back a client may resume: 24 hours. */
const MAX_BACKLOG_MS = 24 * 3_600_000;
/** After a pass that took longer than this, a watcher is behind again and makes another pass. */
const NEARLY_LIVE_MS = 2000;

export interface ActivityStreamOptions {
  /** @default 500 */
  pollMs: number;
  /** @default 15,000 */
  heartbeatMs: number;
  /**
   * Streams of this process, divided by tenant: a lone one may have half of them. @default 200
   */
  maxWatchers: number;
  /** Keeps one credential from using up the limit of the process. @default 20 */
  maxWatchersPerCredential: number;
  /** Keeps one customer from doing so with many portal sessions. @default 40 */
  maxWatchersPerCustomer: number;
  /** A client with more unread bytes than this is disconnected. @default 1 MiB */
  maxUnreadBytes: number;
}

const DEFAULTS: ActivityStreamOptions = {
  pollMs: 500,
  heartbeatMs: 15_000,
  maxWatchers: 200,
  maxWatchersPerCredential: 20,
  maxWatchersPerCustomer: 40,
  maxUnreadBytes: 1024 * 1024,
};

/** A client's request to watch: its credential, its filter and where to start. */
export interface WatchRequest {
  credentialId: string;
  /** The product that the credential belongs to, also by its customer; or else the credential. */
  tenant: string;
  /** The customer that the credential belongs to; null for none. */
  customerId: string | null;
  scope: Scope;
  filter: ActivityFilter;
  /** Whether to send the payloads of events. */
  includePayload: boolean;
  /** Absent: start now. */
  from?: Position;
  /** Whether the credential is still valid; checked with every heartbeat. */
  stillAllowed(): Promise<boolean>;
}

/**
 * The activity stream of one process. It polls Postgres once for all watchers, and only while there
 * are any. A client that resumes first catches up on its own, then joins the shared poll.
 *
 * The stream is always in one of these states:
 *
 * - IDLE: no watcher is joining or live, and nothing is read. The first watcher that joins moves
 *   the stream to POLLING.
 * - POLLING: every `pollMs`, one poll reads what was committed since the last one. After a failure
 *   the next poll continues from the position reached, so no watcher misses anything. When no
 *   watcher is joining or live any more, the stream returns to IDLE.
 * - CLOSED: entered by `close()`, which ends all streams. A stream opened later gets its headers
 *   and ends. There is no way back.
 *
 * A watcher is always in one of these states:
 *
 * - CATCHING_UP: the initial state. A watcher without a position to resume from moves to JOINING
 *   immediately. Others first get what they missed, at most the last 24 hours, at the speed at
 *   which they read; an older part is reported as a gap. A pass that took more than 2 s is followed
 *   by another, because the watcher fell behind meanwhile. After a faster pass it moves to JOINING.
 * - JOINING: caught up, except for what was committed since the last pass. The next poll reads this
 *   rest, up to the poll's own moment, and the watcher moves to LIVE.
 * - LIVE: gets every page of the shared poll. All live watchers are at the same position.
 * - CLOSED: entered from every state, and final. The client disconnected, has more than
 *   `maxUnreadBytes` unread, or took more than 30 s to read a page while catching up; its
 *   credential was found invalid at a heartbeat; catching up failed; or the stream was closed.
 *   Clients reconnect with their last position.
 */
export class ActivityStream {
  private readonly options: ActivityStreamOptions;
  /** Every watcher that is not closed. */
  private readonly watchers = new Set<Watcher>();
  /** What each tenant has of them. */
  private readonly held: FairBound;
  private readonly joining = new Set<Watcher>();
  private readonly live = new Set<Watcher>();
  /** The position of the live watchers. */
  private position: Position | undefined;
  private readonly closing = new AbortController();
  private readonly catchUps = new Set<Promise<void>>();
  /** Set while the stream is POLLING. */
  private polling: Promise<void> | undefined;
  private heartbeatTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Executor,
    private readonly log: Logger,
    options: Partial<ActivityStreamOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
    this.held = new FairBound(this.options.maxWatchers);
  }

  /**
   * Opens a stream on a response. Returns when the headers are sent; the stream lasts until one
   * side ends it.
   *
   * @throws Problem too-many-requests if the process, the tenant or the credential has too many
   *   streams
   */
  async open(response: ServerResponse, request: WatchRequest): Promise<void> {
    this.checkLimits(request);
    const now = await momentOfNow(this.db);
    // Other streams may have been opened during the query.
    this.checkLimits(request);
    const position = request.from ? adopted(request.from, now) : { seen: now };
    const { credentialId, customerId, scope, filter, includePayload, stillAllowed } = request;
    const watcher = new Watcher({
      response,
      credentialId,
      customerId,
      scope,
      filter,
      includePayload,
      stillAllowed,
      position,
      maxUnreadBytes: this.options.maxUnreadBytes,
    });
    watcher.open();
    if (this.closing.signal.aborted) return watcher.end();
    this.watchers.add(watcher);
    this.held.take(request.tenant, 1);
    response.once('close', () => {
      this.held.giveBack(request.tenant, 1);
      this.remove(watcher);
    });
    this.heartbeatTimer ??= setInterval(() => this.sendHeartbeats(), this.options.heartbeatMs).unref();
    const catchUp = this.catchUp(watcher, request.from !== undefined).catch((error: unknown) => {
      this.log.warn({ err: error }, 'a client of the activity stream could not catch up; it will reconnect');
      watcher.end();
    });
    this.catchUps.add(catchUp);
    void catchUp.finally(() => this.catchUps.delete(catchUp));
  }

  /** Ends all streams. Their clients reconnect to another process and miss nothing. */
  async close(): Promise<void> {
    this.closing.abort();
    clearInterval(this.heartbeatTimer);
    for (const watcher of this.watchers) watcher.end();
    await Promise.all([...this.catchUps, this.polling]);
  }

  private checkLimits({ credentialId, customerId, tenant }: WatchRequest): void {
    const { maxWatchers, maxWatchersPerCredential, maxWatchersPerCustomer } = this.options;
    const watchers = [...this.watchers];
    const ofCredential = watchers.filter((watcher) => watcher.credentialId === credentialId).length;
    const ofCustomer = watchers.filter((watcher) => customerId !== null && watcher.customerId === customerId).length;
    const hasRoom = this.held.hasRoom(tenant, 1);
    if (hasRoom && ofCredential < maxWatchersPerCredential && ofCustomer < maxWatchersPerCustomer) return;
    const detail = `Too many activity streams are open: at most ${maxWatchersPerCredential} per credential, ${maxWatchersPerCustomer} per customer and ${maxWatchers} per process, of which a product has at most half.`;
    throw new Problem('too-many-requests', detail, { headers: { 'retry-after': '15' } });
  }

  private remove(watcher: Watcher): void {
    for (const set of [this.watchers, this.joining, this.live]) set.delete(watcher);
    if (this.watchers.size > 0) return;
    clearInterval(this.heartbeatTimer);
    this.heartbeatTimer = undefined;
  }

  private async catchUp(watcher: Watcher, isBehind: boolean): Promise<void> {
    const sinceMs = Date.now() - MAX_BACKLOG_MS;
    const fromMs = watcher.position.seen.timeMs;
    if (fromMs < sinceMs) watcher.sendGap(new Date(fromMs), new Date(sinceMs));
    while (isBehind) {
      const startedAt = performance.now();
      for await (const page of readActivity(this.db, watcher.position, await momentOfNow(this.db), sinceMs)) {
        await this.send(page, [watcher]);
        await watcher.drained();
        if (watcher.closed) return;
      }
      isBehind = performance.now() - startedAt > NEARLY_LIVE_MS;
    }
    if (watcher.closed) return;
    this.joining.add(watcher);
    this.polling ??= this.poll();
  }

  /** Polls until no watcher is joining or live, or the stream is closed. */
  private async poll(): Promise<void> {
    let failing = false;
    while (this.live.size + this.joining.size > 0 && !this.closing.signal.aborted) {
      try {
        await this.pollOnce();
        failing = false;
      } catch (error) {
        if (!failing) this.log.warn({ err: error }, 'reading the activity failed; trying again until it succeeds');
        failing = true;
      }
      await sleep(this.options.pollMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
    this.polling = undefined;
  }

  private async pollOnce(): Promise<void> {
    // Copied before the moment is taken: a watcher that joins later may have seen more than `now`.
    const joining = [...this.joining];
    const now = await momentOfNow(this.db);
    if (this.live.size > 0 && this.position) {
      for await (const page of readActivity(this.db, this.position, now)) {
        await this.send(page, [...this.live]);
        this.position = page.position;
      }
    }
    for (const watcher of joining) {
      for await (const page of readActivity(this.db, watcher.position, now)) await this.send(page, [watcher]);
    }
    this.position = { seen: now };
    for (const watcher of joining) {
      this.joining.delete(watcher);
      if (!watcher.closed) this.live.add(watcher);
    }
  }

  /**
   * Sends a page to watchers. Payloads are read for those who asked, once for all that may see the
   * same.
   */
  private async send(page: ActivityPage, watchers: readonly Watcher[]): Promise<void> {
    const wanted = new Map<string | null, Set<string>>();
    for (const watcher of watchers) {
      for (const uuid of watcher.payloadsOf(page)) {
        const uuids = wanted.get(watcher.customerId) ?? new Set();
        wanted.set(watcher.customerId, uuids.add(uuid));
      }
    }
    const payloads = new Map<string | null, Map<string, ActivityPayload>>();
    for (const [customerId, uuids] of wanted)
      payloads.set(customerId, await readPayloads(this.db, [...uuids], customerId));
    for (const watcher of watchers)
      watcher.send(page, watcher.includesPayload ? payloads.get(watcher.customerId) : undefined);
  }

  private sendHeartbeats(): void {
    for (const watcher of this.watchers) {
      watcher.sendHeartbeat();
      void watcher.stillAllowed().then((allowed) => {
        if (!allowed) watcher.end();
      });
    }
  }
}
