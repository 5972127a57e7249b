import type { AttemptRecord } from '../../src/domain/attempt';
import type { NotificationRef } from '../../src/domain/delivery';

/**
 * An attempt of a notification, as a worker would record it: of the workflow run `run`, with the
 * response that fits the outcome.
 */
export function attemptRecord(
  { notificationId, subscriptionId }: Pick<NotificationRef, 'notificationId' | 'subscriptionId'>,
  outcome: AttemptRecord['outcome'],
  overrides: Partial<AttemptRecord> = {},
): AttemptRecord {
  const delivered = outcome.status === 'delivered';
  const at = new Date();
  return {
    notificationId,
    subscriptionId,
    failurePeriod: 0,
    attemptKey: 'run:1',
    trigger: 'scheduled',
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    error: delivered ? null : { class: 'status', message: 'HTTP 500' },
    request: { method: 'POST', url: 'http://127.0.0.1:9/', headers: {}, body: null },
    response: { status: delivered ? 200 : 500, headers: {}, body: '', truncated: false },
    workflowId: `notification/${notificationId}`,
    outcome,
    ...overrides,
  };
}
