import type { AttemptInput } from '../stages';
import { headStartKey } from '../take-over';
import type { Turn } from './head-start-queue';
import { beginBefore } from './waiting-list';

/** The first attempt of a notification, as a head start of a process makes it. */
export function inputOf({ headStart, accepted }: Turn, processId: string): AttemptInput {
  const { notificationId, workflowId } = headStart;
  return {
    notificationId,
    sequence: 1,
    step: 0,
    trigger: 'scheduled',
    attemptKey: headStartKey(processId),
    workflowId,
    processId,
    slow: false,
    accepted,
    beginBefore: beginBefore(headStart),
  };
}
