import { condition } from '@temporalio/workflow';
import type { LiveState } from '../domain/delivery';

/** The end of a wait. */
export interface Due {
  waitSeconds: number;
  dueAt: string;
}

/**
 * Waits until an attempt is due, or the wait is interrupted. Shows the due time of the record,
 * because the workflow's clock stands still while a local activity runs.
 *
 * @param takeMove - returns a new time, once, if the wait was moved
 */
export async function wait(
  { attempts, ...first }: Due & { attempts: number },
  live: LiveState,
  interrupted: () => boolean,
  takeMove: (attempts: number) => Due | undefined,
): Promise<void> {
  let due: Due | undefined = takeMove(attempts) ?? first;
  live.phase = 'waiting';
  while (due) {
    const { waitSeconds, dueAt }: Due = due;
    live.nextAttemptAt = dueAt;
    due = undefined;
    await condition(() => interrupted() || (due = takeMove(attempts)) !== undefined, waitSeconds * 1000);
    if (interrupted()) return;
  }
}
