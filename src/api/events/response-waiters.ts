import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { FairBound } from '../../domain/fair-bound';
import { Problem } from '../../domain/problems';
import type { NotificationStatus } from '../../domain/types';
import type { Executor } from '../../store/db/database';
import {
  readLastResponses,
  readProgress,
  type LastResponse,
  type Progress,
} from '../../store/notifications/last-responses';

/** Calls of one process that wait, and of one credential among them. */
const MAX_WAITERS = 200;
const MAX_WAITERS_PER_CREDENTIAL = 20;
/** Notifications of one call. An event with more of them is not waited for. */
const MAX_AWAITED = 200;
const POLL_MS = 100;
const RETRY_AFTER_SECONDS = 2;

/** What an awaited event's notifications have come to. */
export interface AwaitedResponses {
  /** Whether each was attempted or closed. */
  isComplete: boolean;
  /** By id of the notification. */
  statuses: ReadonlyMap<string, NotificationStatus>;
  responses: ReadonlyMap<string, LastResponse>;
}

interface Waiter {
  waiting: Set<string>;
  end(): void;
}

/**
 * Waits for the first attempts of notifications, whichever process makes them. One query every
 * 100 ms reads the progress for all waiters of the process, and only while there are any.
 */
export class ResponseWaiters {
  private readonly held = new FairBound(MAX_WAITERS, MAX_WAITERS_PER_CREDENTIAL);
  private readonly waiters = new Set<Waiter>();
  private polling: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    private readonly db: Executor,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /**
   * Takes a place before the event is accepted, so that no event is accepted whose answer cannot be
   * waited for.
   *
   * @returns releases the place
   * @throws Problem too-many-requests
   */
  reserve(credentialId: string): () => void {
    if (!this.held.hasRoom(credentialId, 1))
      throw new Problem(
        'too-many-requests',
        `Too many events are awaiting responses: at most ${MAX_WAITERS_PER_CREDENTIAL} per credential. The event was not accepted; retry later, or post it without awaitResponse.`,
        { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } },
      );
    this.held.take(credentialId, 1);
    return () => this.held.giveBack(credentialId, 1);
  }

  /**
   * Waits until each notification was attempted or closed.
   *
   * @param gone - ends the wait early: the caller has disconnected
   */
  async wait(notificationIds: readonly string[], timeoutMs: number, gone: AbortSignal): Promise<AwaitedResponses> {
    if (notificationIds.length > 0 && notificationIds.length <= MAX_AWAITED)
      await this.untilAttempted(notificationIds, timeoutMs, gone);
    const progress = await readProgress(this.db, notificationIds);
    const responses = await readLastResponses(this.db, progress);
    return {
      isComplete: notificationIds.every((id) => isOver(progress, id)),
      statuses: new Map([...progress].map(([id, { status }]) => [id, status])),
      responses,
    };
  }

  /** Ends all waits. Their calls are answered with what there is. */
  close(): void {
    this.isClosed = true;
    for (const waiter of this.waiters) waiter.end();
  }

  private untilAttempted(ids: readonly string[], timeoutMs: number, gone: AbortSignal): Promise<void> {
    if (this.isClosed || gone.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        waiting: new Set(ids),
        end: () => {
          clearTimeout(timer);
          gone.removeEventListener('abort', waiter.end);
          this.waiters.delete(waiter);
          resolve();
        },
      };
      const timer = setTimeout(waiter.end, timeoutMs);
      gone.addEventListener('abort', waiter.end, { once: true });
      this.waiters.add(waiter);
      this.polling ??= this.poll();
    });
  }

  private async poll(): Promise<void> {
    while (this.waiters.size > 0) {
      await sleep(POLL_MS);
      try {
        await this.pollOnce();
      } catch (error) {
        this.log.warn({ error }, 'the progress of awaited notifications could not be read');
      }
    }
    this.polling = undefined;
  }

  private async pollOnce(): Promise<void> {
    const waiters = [...this.waiters];
    const ids = [...new Set(waiters.flatMap(({ waiting }) => [...waiting]))];
    if (ids.length === 0) return;
    const progress = await readProgress(this.db, ids);
    for (const waiter of waiters) {
      for (const id of waiter.waiting) if (isOver(progress, id)) waiter.waiting.delete(id);
      if (waiter.waiting.size === 0) waiter.end();
    }
  }
}

/** A notification that is gone was erased. */
function isOver(progress: ReadonlyMap<string, Progress>, id: string): boolean {
  return progress.get(id)?.isAttempted ?? true;
}
