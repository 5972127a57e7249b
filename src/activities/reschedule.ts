import { waitAfter } from '../attempts/next-wait';
import { OVERDUE_SECONDS } from '../domain/delivery';
import type { RetrySchedule } from '../domain/retry-schedule';
import type { SettleBatchResult } from '../domain/settlement';
import {
  clearRescheduling,
  findRescheduling,
  listMisplanned,
  moveNextAttempts,
  notePlanned,
  type Misplanned,
  type Move,
} from '../store/subscriptions/rescheduling';
import type { ActivityDeps } from './deps';
import { withHeartbeats } from './with-heartbeats';

const PAGE = 200;
/** A batch ends after this time, so that a cancellation or a change of the subscription is seen. */
const BATCH_MS = 10_000;
/** An attempt that read the old schedule may still be recorded so much later. */
const STRAGGLER_SECONDS = 2;

/**
 * Creates the rescheduling of waiting notifications, after their retry schedule was changed. Each
 * gets the time that the new schedule gives it, counted from its last attempt. Attempts that are
 * due now are spread by the lanes like others, and a customer's workflows are signalled one after
 * the other. A notification whose ladder the new schedule ends is due now: its workflow fails it
 * without an attempt.
 *
 * Signals, and no timer in each workflow that asks whether its schedule has changed: that would
 * wake every waiting workflow again and again, for a change that hardly ever comes.
 */
export function createReschedule({
  db,
  control,
  lanes,
  paced,
}: ActivityDeps): (subscriptionId: string) => Promise<SettleBatchResult> {
  function plan(notification: Misplanned, schedule: RetrySchedule): Move[] {
    const { notificationId, customerId, subscriptionId, lane, attempts, failures, lastAttempt } = notification;
    if (!lastAttempt) return [];
    const waitSeconds = waitAfter(schedule, failures, { notificationId, attempts, ...lastAttempt }) ?? 0;
    const now = Date.now();
    const earliestMs = Math.max(0, lastAttempt.finishedAt.getTime() + waitSeconds * 1000 - now);
    const dueInMs = lanes[lane].plan(customerId, subscriptionId, earliestMs);
    return [{ notificationId, attempts, nextAttemptAt: new Date(now + dueInMs) }];
  }

  async function signal(customerId: string, { notificationId, attempts, nextAttemptAt }: Move): Promise<void> {
    await paced.run(`reschedule ${customerId}`, () => {
      const waitSeconds = Math.max(0, nextAttemptAt.getTime() - Date.now()) / 1000;
      return control.reschedule(notificationId, { attempts, waitSeconds, dueAt: nextAttemptAt.toISOString() });
    });
  }

  /** Notifications that are not signalled in time are planned again by the next batch. */
  async function reschedulePage(page: readonly Misplanned[], schedule: RetrySchedule, until: number): Promise<void> {
    const moves = page.flatMap((notification) => plan(notification, schedule));
    // The record comes first: a workflow that has not taken over its head start reads it.
    const left = await moveNextAttempts(db, moves, OVERDUE_SECONDS);
    do {
      const move = left.shift();
      if (move) await signal(page[0]!.customerId, move);
    } while (left.length > 0 && performance.now() < until);
    const unsignalled = new Set(left.map(({ notificationId }) => notificationId));
    const planned = page.map(({ notificationId }) => notificationId).filter((id) => !unsignalled.has(id));
    await notePlanned(db, planned, schedule);
  }

  async function reschedule(subscriptionId: string): Promise<SettleBatchResult> {
    const until = performance.now() + BATCH_MS;
    while (performance.now() < until) {
      const rescheduling = await findRescheduling(db, subscriptionId);
      if (!rescheduling) return { done: true };
      const page = await listMisplanned(db, subscriptionId, rescheduling, PAGE);
      if (page.length > 0) {
        await reschedulePage(page, rescheduling.schedule, until);
        continue;
      }
      if (rescheduling.ageSeconds < STRAGGLER_SECONDS) return { done: false, waitSeconds: STRAGGLER_SECONDS };
      await clearRescheduling(db, subscriptionId, rescheduling.since);
    }
    return { done: false };
  }

  return (subscriptionId) => withHeartbeats(() => reschedule(subscriptionId));
}
