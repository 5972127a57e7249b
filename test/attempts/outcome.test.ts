import { conclude, recordedOutcome } from '../../src/attempts/outcome';
import { SLOW_ATTEMPT_MS } from '../../src/domain/delivery';
import type { AttemptRecord } from '../../src/domain/attempt';
import type { NotificationStatus } from '../../src/domain/types';
import type { DeliverySubscription } from '../../src/store/notifications/delivery-subscription';
import { attemptRecord } from '../support/attempt-record';
import { deliveryFacts, deliverySubscription } from '../support/delivery';

const FINISHED_AT = new Date(Date.UTC(2026, 0, 1));

function answered(status: number, headers: Record<string, string> = {}, overrides: Partial<AttemptRecord> = {}) {
  return attemptRecord(
    { notificationId: 'ntf_1', subscriptionId: 'sub_1' },
    { status: 'failed' },
    {
      finishedAt: FINISHED_AT,
      error: status < 300 ? null : { class: 'status', message: `HTTP ${status}` },
      response: { status, headers, body: '', truncated: false },
      ...overrides,
    },
  );
}

const LADDER = { schedule: [10, 20], step: 0 };
const concluded = (
  facts: AttemptRecord,
  { ladder = LADDER, subscription = {} }: { ladder?: typeof LADDER; subscription?: Partial<DeliverySubscription> } = {},
) =>
  conclude(
    ladder,
    { delivery: deliveryFacts({ attempts: 3 }), subscription: deliverySubscription(subscription) },
    { facts, failure: facts.error && { stage: 'sending', error: facts.error } },
  );

it('delivers with a 2xx answer', () => {
  const { record, outcome } = concluded(answered(204));
  expect(record.outcome).toEqual({ status: 'delivered' });
  expect(outcome).toEqual({ kind: 'delivered', attempts: 4 });
});

it('waits the next step of the ladder after a failure, counted from its end', () => {
  const { record, outcome } = concluded(answered(500), { ladder: { schedule: [10, 20], step: 1 } });
  const dueAt = new Date(FINISHED_AT.getTime() + 20_000);
  expect(record.outcome).toEqual({ status: 'retrying', nextAttemptAt: dueAt });
  expect(outcome).toEqual({
    kind: 'retry',
    attempts: 4,
    waitSeconds: 20,
    dueAt: dueAt.toISOString(),
    lane: 'fast',
    reason: 'HTTP 500',
  });
});

it('fails once the ladder is exhausted', () => {
  const { record, outcome } = concluded(answered(500), { ladder: { schedule: [10, 20], step: 2 } });
  expect(record.outcome).toEqual({ status: 'failed' });
  expect(outcome).toEqual({ kind: 'failed', attempts: 4, reason: 'HTTP 500' });
});

it('fails for good at 410, whatever the ladder has left and the receiver asks for', () => {
  expect(concluded(answered(410, { 'retry-after': '100' })).outcome).toMatchObject({ kind: 'failed' });
});

it.each([
  [429, '100', 100],
  [503, '100', 100],
  [429, '5', 10],
  [503, '5', 10],
  [429, '86401', 10],
  [503, '86401', 10],
  [500, '100', 10],
  [408, '100', 10],
  [429, undefined, 10],
])('after HTTP %i with Retry-After %s waits %i s', (status, retryAfter, waitSeconds) => {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  expect(concluded(answered(status, headers)).outcome).toMatchObject({ kind: 'retry', waitSeconds });
});

it('reads a date in Retry-After from the end of the attempt', () => {
  const headers = { 'retry-after': new Date(FINISHED_AT.getTime() + 100_000).toUTCString() };
  expect(concluded(answered(503, headers)).outcome).toMatchObject({ waitSeconds: 100 });
});

it('waits the step of the ladder if no response came', () => {
  const error = { class: 'timeout', message: 'no response' } as const;
  const { outcome } = concluded(answered(0, {}, { response: null, error }));
  expect(outcome).toMatchObject({ kind: 'retry', waitSeconds: 10, reason: 'no response' });
});

it.each([
  ['stays in the fast lane after a quick attempt', { slow: false, timeoutSeconds: 15 }, SLOW_ATTEMPT_MS, 'fast'],
  ['goes to the slow lane after a slow attempt', { slow: false, timeoutSeconds: 15 }, SLOW_ATTEMPT_MS + 1, 'slow'],
  ['stays in the slow lane that its subscription is in', { slow: true, timeoutSeconds: 15 }, 1, 'slow'],
  ['is in the slow lane because of a long timeout', { slow: false, timeoutSeconds: 16 }, 1, 'slow'],
])('%s', (_, subscription, durationMs, lane) => {
  expect(concluded(answered(500, {}, { durationMs }), { subscription }).outcome).toMatchObject({ lane });
});

describe('the outcome of an attempt that was recorded before', () => {
  const NEXT = new Date(Date.UTC(2099, 0, 1));
  const recorded = (status: NotificationStatus, subscription: Partial<DeliverySubscription> | null = {}) =>
    recordedOutcome({
      ...deliveryFacts({ status, attempts: 2, lastErrorMessage: 'HTTP 500', nextAttemptAt: NEXT }),
      subscription: subscription && deliverySubscription(subscription),
      rateSeq: null,
      retryAsked: false,
    });

  it.each([
    ['delivered', { kind: 'delivered', attempts: 2 }],
    ['cancelled', { kind: 'cancelled', attempts: 2 }],
    ['failed', { kind: 'failed', attempts: 2, reason: 'HTTP 500' }],
    ['pending', { kind: 'failed', attempts: 2, reason: 'HTTP 500' }],
  ] as const)('of a notification that is %s', (status, outcome) => {
    expect(recorded(status)).toEqual(outcome);
  });

  it('waits for the rest of the time, in the lane that holds now', () => {
    const outcome = recorded('retrying', { slow: true });
    expect(outcome).toMatchObject({ kind: 'retry', attempts: 2, dueAt: NEXT.toISOString(), lane: 'slow' });
    expect(recorded('retrying')).toMatchObject({ lane: 'fast' });
    expect(recorded('retrying', null)).toMatchObject({ lane: 'fast' });
  });

  it('waits no more for a time that has passed', () => {
    const delivery = {
      ...deliveryFacts({ status: 'retrying', nextAttemptAt: new Date(0) }),
      subscription: null,
      rateSeq: null,
      retryAsked: false,
    };
    expect(recordedOutcome(delivery)).toMatchObject({ kind: 'retry', waitSeconds: 0 });
  });
});
