import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY, type SettleBatchResult } from '../domain/settlement';
import {
  countInLine,
  endWake,
  findWake,
  listOversleepers,
  showDue,
  type Oversleeper,
} from '../store/subscriptions/rate-wakes';
import type { ActivityDeps } from './deps';

const PAGE = 200;
const SHORT_LINE = 20;
/**
 * Notifications that are due now are woken in groups of this size: the next one when half of the
 * last has had its turn. More would only wait for each other, in slots.
 */
const GROUP = 10;
const GROUP_POLL_MS = 50;
/** How long a group is waited for. Some may be late, or have left the line. */
const GROUP_MS = 3000;
/** A batch ends after this time, so that it occupies no slot while others wait for one. */
const BATCH_MS = 10_000;
/** How often those are looked up that were signalled, and have not asked yet. */
const ASKING_POLL_MS = 250;
/** Those due later than this ask once, and sleep until then. */
const DUE_SOON_MS = 1000;
/**
 * Notifications are woken this long before they are due, so that a long line is not woken as a
 * crowd.
 */
const AHEAD_MS = 10_000;

/**
 * Creates the waking of those that wait for their turn under a rate limit, after it was changed, or
 * because they asked before others in front of them. They ask for their turn again, in order.
 */
export function createWakeLine({ db, control }: ActivityDeps): (subscriptionId: string) => Promise<SettleBatchResult> {
  /** Signals a group, in order if few sleep. */
  async function signal(group: readonly Oversleeper[], isShort: boolean): Promise<void> {
    await eachConcurrently(group, isShort ? 1 : SIGNAL_CONCURRENCY, (waiting) => control.release(waiting));
    Context.current().heartbeat();
  }

  /** Waits until most of a group have had their turn. */
  async function served(group: readonly Oversleeper[]): Promise<void> {
    if (group.at(-1)!.dueInMs > DUE_SOON_MS) return;
    const ids = group.map(({ notificationId }) => notificationId);
    const until = performance.now() + GROUP_MS;
    while (performance.now() < until && (await countInLine(db, ids)) > group.length / 2) {
      Context.current().heartbeat();
      await sleep(GROUP_POLL_MS);
    }
  }

  return async function wakeLine(subscriptionId) {
    const until = performance.now() + BATCH_MS;
    const signalled = new Set<string>();
    const isNew = (waiting: Oversleeper) => !signalled.has(keyOf(waiting));
    for (let isShown = false; ; isShown = true) {
      const wake = await findWake(db, subscriptionId);
      if (!wake) return { done: true };
      if (!isShown) await showDue(db, subscriptionId, wake);
      const asleep = await listOversleepers(db, subscriptionId, wake, PAGE);
      const [first] = asleep;
      if (!first) {
        await endWake(db, subscriptionId, wake);
        continue;
      }
      if (first.dueInMs > AHEAD_MS) return { done: false, waitSeconds: (first.dueInMs - AHEAD_MS / 2) / 1000 };
      const group = asleep.filter((waiting) => waiting.dueInMs <= AHEAD_MS && isNew(waiting)).slice(0, GROUP);
      await signal(group, asleep.length <= SHORT_LINE);
      for (const waiting of group) signalled.add(keyOf(waiting));
      if (performance.now() > until) return { done: false };
      if (group.length > 0) await served(group);
      else await sleep(ASKING_POLL_MS);
    }
  };
}

/** A notification that asked meanwhile, and sleeps again, is signalled again. */
function keyOf({ notificationId, wakesAtMs }: Oversleeper): string {
  return `${notificationId} ${wakesAtMs}`;
}
