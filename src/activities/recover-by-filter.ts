import type { RecoverPageResult } from '../domain/recovery';
import { closeRecovery } from '../store/notifications/recoveries';
import {
  cancelByFilter,
  findCandidates,
  noteFirstLeft,
  retryByFilter,
  type Candidate,
  type FilterTask,
} from '../store/notifications/recovery-items';
import { endChecks } from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';
import { changeInTurn, pageSize } from './recovery-pace';

/** The oldest notifications that are left, among which customers take turns. */
const CANDIDATES = 1000;

/**
 * Processes the next notifications of a recovery by filter. Customers take turns, so that one with
 * many does not keep the others waiting. It waits for no attempt: a slow receiver must not delay
 * the other ones.
 */
export async function recoverByFilter(
  { db, control }: Pick<ActivityDeps, 'db' | 'control'>,
  recoveryId: string,
  task: FilterTask,
): Promise<RecoverPageResult> {
  const candidates = await findCandidates(db, task, CANDIDATES);
  if (candidates.length === 0) {
    await closeRecovery(db, recoveryId, 'completed');
    return { done: true, waitSeconds: 0 };
  }
  await noteFirstLeft(db, task.uuid, candidates[0]!.id);
  const page = inTurns(candidates).slice(0, pageSize(task.ratePerSecond));
  const { action, filter } = task.sought;
  return changeInTurn(page, task.ratePerSecond, async (candidate) => {
    if (action === 'cancel') {
      const cancelled = await cancelByFilter(db, task.uuid, candidate, filter.status);
      if (cancelled !== true) return cancelled || undefined;
      return async () => {
        await control.cancel(candidate.id);
        await endChecks(db, [candidate.id]);
      };
    }
    const retried = await retryByFilter(db, task.uuid, candidate, filter.status);
    if (retried === undefined || retried === 'stopped') return retried;
    const { notification, reopened } = retried;
    return () => control.retry(notification, { reopened, attempts: notification.attempts });
  });
}

/** Puts notifications in turns by customer; each customer's keep their order. */
function inTurns(candidates: readonly Candidate[]): Candidate[] {
  const taken = new Map<string, number>();
  return candidates
    .map((candidate) => {
      const turn = taken.get(candidate.customerId) ?? 0;
      taken.set(candidate.customerId, turn + 1);
      return { candidate, turn };
    })
    .sort((one, other) => one.turn - other.turn)
    .map(({ candidate }) => candidate);
}
