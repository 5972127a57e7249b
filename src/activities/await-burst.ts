import { Context } from '@temporalio/activity';
import {
  HEAD_START_WAIT_SECONDS,
  type DeliverBurstInput,
  type DeliverBurstResult,
  type NotificationRef,
} from '../domain/delivery';
import { claimUnattempted, findUntaken } from '../store/notifications';
import type { ActivityDeps } from './deps';
import { headStartKey } from './take-over';

const ATTEMPTS_AT_ONCE = 32;
const STARTS_AT_ONCE = 4;
/** As with head starts: an attempt that begins later might outlast its claim. */
const ATTEMPTS_BEGIN_WITHIN_MS = (HEAD_START_WAIT_SECONDS - 1) * 1000;

/**
 * The activity `awaitBurst`: awaits the head starts of a burst, makes the first attempts that nobody made, and gives each notification that needs more
 * a workflow of its own. It may run again, also in another process: what is done is done by the record, and a workflow starts once.
 */
export function createAwaitBurst({
  db,
  headStarts,
  attempter,
  control,
}: ActivityDeps): (input: DeliverBurstInput) => Promise<DeliverBurstResult> {
  const { processId } = headStarts;

  function attempt({ notificationId, schedule }: NotificationRef, workflowId: string) {
    return attempter({
      notificationId,
      schedule,
      sequence: 1,
      step: 0,
      trigger: 'scheduled',
      attemptKey: headStartKey(processId),
      workflowId,
      processId,
      slow: false,
    });
  }

  return async function awaitBurst({ notificationIds }) {
    const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
    const outcomes = await Promise.all(notificationIds.map((id) => headStarts.outcomeOf(id)));
    const unfinished = notificationIds.filter((_, index) => outcomes[index]?.kind !== 'delivered');
    if (unfinished.length === 0) return { notifications: notificationIds.length, handedOn: 0 };
    const until = performance.now() + ATTEMPTS_BEGIN_WITHIN_MS;
    await each(await claimUnattempted(db, unfinished, processId), ATTEMPTS_AT_ONCE, async (notification) => {
      if (performance.now() < until) await attempt(notification, workflowId);
    });
    const untaken = await findUntaken(db, unfinished);
    await each(untaken, STARTS_AT_ONCE, (notification) => control.start(notification));
    return { notifications: notificationIds.length, handedOn: untaken.length };
  };
}

async function each<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
