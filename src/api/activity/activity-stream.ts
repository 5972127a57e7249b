import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Position } from '../../domain/activity';
import { Problem } from '../../domain/problems';
import type { Scope } from '../../domain/types';
import { adopted, momentOfNow } from '../../store/reporting/activity';
import type { Executor } from '../../store/db/database';
import { readActivity } from './activity-reader';
import { Watcher, type ActivityFilter } from './activity-watcher';

/** What is told again to one that comes back, at most. */
const MAX_BACKLOG_MS = 24 * 3_600_000;
/** One that took longer than this to catch up has fallen behind meanwhile, and catches up once more before it joins the others. */
const NEARLY_LIVE_MS = 2000;

export interface ActivityStreamOptions {
  pollMs: number;
  heartbeatMs: number;
  maxWatchers: number;
  /** One credential must not take all the places. */
  maxWatchersPerCredential: number;
  /** What may wait to be read by one that watches before it is cut off. */
  maxUnreadBytes: number;
}

const DEFAULTS: ActivityStreamOptions = {
  pollMs: 500,
  heartbeatMs: 15_000,
  maxWatchers: 200,
  maxWatchersPerCredential: 20,
  maxUnreadBytes: 1024 * 1024,
};

/** Who wants to watch what, and from where on. */
export interface WatchRequest {
  credentialId: string;
  scope: Scope;
  filter: ActivityFilter;
  /** Absent: from now on. */
  from?: Position;
  /** Whether the credential still holds; asked now and then while the stream is open. */
  stillAllowed(): Promise<boolean>;
}

/**
 * The activity stream of one process. It reads Postgres once for all who watch, and only while somebody does; one that comes back is first told what it
 * missed, and then joins the others.
 */
export class ActivityStream {
  private readonly options: ActivityStreamOptions;
  /** All whose responses are open. */
  private readonly watchers = new Set<Watcher>();
  /** Caught up but for the last moment; they join with the next reading. */
  private readonly joining = new Set<Watcher>();
  /** Those that are told what all are told. */
  private readonly live = new Set<Watcher>();
  /** How far the live ones are. */
  private position: Position | undefined;
  private readonly closing = new AbortController();
  private readonly catchingUp = new Set<Promise<void>>();
  private reading: Promise<void> | undefined;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Executor,
    private readonly log: Logger,
    options: Partial<ActivityStreamOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  /**
   * Opens a stream on a response; returns when its headers are sent, and goes on until one side ends it.
   *
   * @throws Problem too-many-requests where too many watch already
   */
  async open(response: ServerResponse, request: WatchRequest): Promise<void> {
    this.checkRoom(request.credentialId);
    const now = await momentOfNow(this.db);
    this.checkRoom(request.credentialId);
    const position = request.from ? adopted(request.from, now) : { seen: now };
    const { credentialId, scope, filter, stillAllowed } = request;
    const watcher = new Watcher(
      response,
      credentialId,
      scope,
      filter,
      stillAllowed,
      position,
      this.options.maxUnreadBytes,
    );
    watcher.open();
    if (this.closing.signal.aborted) return watcher.end();
    this.watchers.add(watcher);
    response.once('close', () => this.remove(watcher));
    this.heartbeat ??= setInterval(() => this.beat(), this.options.heartbeatMs).unref();
    const catchingUp = this.catchUp(watcher, request.from !== undefined).catch((error: unknown) => {
      this.log.warn({ err: error }, 'what a watcher of the activity missed could not be read; it will come back');
      watcher.end();
    });
    this.catchingUp.add(catchingUp);
    void catchingUp.finally(() => this.catchingUp.delete(catchingUp));
  }

  /** Ends all streams; those who watched may come back to another process, and miss nothing. */
  async close(): Promise<void> {
    this.closing.abort();
    clearInterval(this.heartbeat);
    for (const watcher of this.watchers) watcher.end();
    await Promise.all([...this.catchingUp, this.reading]);
  }

  private checkRoom(credentialId: string): void {
    const { maxWatchers, maxWatchersPerCredential } = this.options;
    const own = [...this.watchers].filter((watcher) => watcher.credentialId === credentialId).length;
    if (this.watchers.size < maxWatchers && own < maxWatchersPerCredential) return;
    throw new Problem('too-many-requests', 'Too many watch the activity here, or too many with this credential.', {
      headers: { 'retry-after': '15' },
    });
  }

  private remove(watcher: Watcher): void {
    for (const set of [this.watchers, this.joining, this.live]) set.delete(watcher);
    if (this.watchers.size > 0) return;
    clearInterval(this.heartbeat);
    this.heartbeat = undefined;
  }

  private async catchUp(watcher: Watcher, isBehind: boolean): Promise<void> {
    const sinceMs = Date.now() - MAX_BACKLOG_MS;
    const fromMs = watcher.position.seen.timeMs;
    if (fromMs < sinceMs) watcher.tellGap(new Date(fromMs), new Date(sinceMs));
    while (isBehind) {
      const startedAt = performance.now();
      for await (const page of readActivity(this.db, watcher.position, await momentOfNow(this.db), sinceMs)) {
        watcher.tell(page);
        await watcher.drained();
        if (watcher.closed) return;
      }
      isBehind = performance.now() - startedAt > NEARLY_LIVE_MS;
    }
    if (watcher.closed) return;
    this.joining.add(watcher);
    this.reading ??= this.readOn();
  }

  /** Reads on for all, again and again, for as long as somebody watches. */
  private async readOn(): Promise<void> {
    let failing = false;
    while (this.live.size + this.joining.size > 0 && !this.closing.signal.aborted) {
      try {
        await this.readOnce();
        failing = false;
      } catch (error) {
        // Nobody misses anything: what could not be read is read the next time.
        if (!failing) this.log.warn({ err: error }, 'the activity could not be read; it is tried again');
        failing = true;
      }
      await sleep(this.options.pollMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
    this.reading = undefined;
  }

  private async readOnce(): Promise<void> {
    // Whoever joins later may have seen more than what is committed now.
    const joining = [...this.joining];
    const now = await momentOfNow(this.db);
    if (this.live.size > 0 && this.position) {
      for await (const page of readActivity(this.db, this.position, now)) {
        for (const watcher of this.live) watcher.tell(page);
        this.position = page.position;
      }
    }
    for (const watcher of joining) {
      for await (const page of readActivity(this.db, watcher.position, now)) watcher.tell(page);
    }
    this.position = { seen: now };
    for (const watcher of joining) {
      this.joining.delete(watcher);
      if (!watcher.closed) this.live.add(watcher);
    }
  }

  private beat(): void {
    for (const watcher of this.watchers) {
      watcher.beat();
      void watcher.stillAllowed().then((allowed) => {
        if (!allowed) watcher.end();
      });
    }
  }
}
