import { isContended, isUnavailable, type Database } from '../db/database';
import { GroupCommit, type GroupCommitOptions } from '../db/group-commit';
import type { AttemptRecord, RecordedAttempt } from '../../domain/attempt';
import { recordAttempts } from './record-attempts';

/**
 * One statement at a time: concurrent ones would wait for each other's lock on the statistics of a
 * subscription.
 */
const GROUP: GroupCommitOptions<AttemptRecord> = {
  pipelines: 1,
  maxGatherMs: 20,
  maxItems: 200,
  isUnavailable,
  // Both locks that recording takes, on the notification and on the statistics, belong to one
  // subscription.
  lanes: { isContended, ownerOf: (attempt) => attempt.subscriptionId, laneOf: (attempt) => attempt.subscriptionId },
};

/** Creates a recorder, which writes attempts that end at the same time in one statement. */
export function createRecorder(db: Database): (attempt: AttemptRecord) => Promise<RecordedAttempt> {
  const group = new GroupCommit<AttemptRecord, RecordedAttempt>((attempts) => recordAttempts(db, attempts), GROUP);
  return (attempt) => group.submit([attempt]).then(([recorded]) => recorded!);
}
