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

const LADDER = { step: 0, processId: 'process' };
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
  const { record, outcome } = concluded(answered(500), { ladder: { ...LADDER, step: 1 } });
  const dueAt = new Date(FINISHED_AT.getTime() + 3000);
  expect(record.outcome).toEqual({ status: 'retrying', nextAttemptAt: dueAt, schedule: [4, 3] });
  expect(outcome).toEqual({
    kind: 'retry',
    attempts: 4,
    waitSeconds: 3,
    dueAt: dueAt.toISOString(),
    lane: 'fast',
    reason: 'HTTP 500',
  });
});

it('fails once the ladder is exhausted', () => {
  const { record, outcome } = concluded(answered(500), { ladder: { ...LADDER, step: 2 } });
  expect(record.outcome).toEqual({ status: 'failed' });
  expect(outcome).toEqual({ kind: 'failed', attempts: 4, reason: 'HTTP 500' });
});

it('fails for good at 410, whatever the ladder has left and the receiver asks for', () => {
  expect(concluded(answered(410, { 'retry-after': '100' })).outcome).toMatchObject({ kind: 'failed' });
});

it('goes on after a 410 of a receiver that the subscription no longer has', () => {
  const facts = answered(410);
  const admitted = { delivery: deliveryFacts(), subscription: deliverySubscription(), isOutdated: true };
  const { outcome } = conclude(LADDER, admitted, { facts, failure: { stage: 'sending', error: facts.error! } });
  expect(outcome).toMatchObject({ kind: 'retry', waitSeconds: 4 });
});

it.each([
  [429, '100', 100],
  [503, '100', 100],
  [429, '2', 4],
  [503, '2', 4],
  [429, '86401', 86_400],
  [503, '99999999999', 86_400],
  [500, '100', 4],
  [408, '100', 4],
  [429, undefined, 4],
])('after HTTP %i with Retry-After %s waits %i s', (status, retryAfter, waitSeconds) => {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  expect(concluded(answered(status, headers)).outcome).toMatchObject({ kind: 'retry', waitSeconds });
});

it('reads a date in Retry-After from the end of the attempt', () => {
  const headers = { 'retry-after': new Date(FINISHED_AT.getTime() + 100_000).toUTCString() };
  expect(concluded(answered(503, headers)).outcome).toMatchObject({ waitSeconds: 100 });
});

it('takes a date in Retry-After of more than a day for a day', () => {
  const headers = { 'retry-after': new Date(FINISHED_AT.getTime() + 30 * 3_600_000).toUTCString() };
  expect(concluded(answered(503, headers)).outcome).toMatchObject({ waitSeconds: 86_400 });
});

it('adds the same jitter of up to 10 % whenever it concludes the same attempt, and another one to others', () => {
  const waitOf = (notificationId: string, attempts: number) => {
    const facts = answered(500, {}, { notificationId });
    const admitted = {
      delivery: deliveryFacts({ attempts }),
      subscription: deliverySubscription({ retrySchedule: [100] }),
    };
    const { outcome } = conclude(LADDER, admitted, { facts, failure: { stage: 'sending', error: facts.error! } });
    return outcome.kind === 'retry' ? outcome.waitSeconds : NaN;
  };
  const waits = () => Array.from({ length: 50 }, (_, index) => waitOf(`ntf_${index % 10}`, Math.floor(index / 10)));
  expect(waits()).toEqual(waits());
  expect(new Set(waits()).size).toBeGreaterThan(40);
  expect(Math.min(...waits())).toBeGreaterThanOrEqual(100);
  expect(Math.max(...waits())).toBeLessThanOrEqual(110);
  expect(Math.max(...waits()) - Math.min(...waits())).toBeGreaterThan(5);
});

it('waits the step of the ladder if no response came', () => {
  const error = { class: 'timeout', message: 'no response' } as const;
  const { outcome } = concluded(answered(0, {}, { response: null, error }));
  expect(outcome).toMatchObject({ kind: 'retry', waitSeconds: 4, reason: 'no response' });
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
      ladderAttempts: 0,
      reopened: false,
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
      ladderAttempts: 0,
      reopened: false,
      retryAsked: false,
    };
    expect(recordedOutcome(delivery)).toMatchObject({ kind: 'retry', waitSeconds: 0 });
  });
});
