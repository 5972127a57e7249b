import { HEAD_START_PREFIX } from '../domain/delivery';
import { isSameTrace } from '../domain/trace-context';
import type { Span, SpanFacts } from '../process/tracing';
import type { SignedRequest } from './sign';
import type { Admitted, AttemptInput, FinishedAttempt } from './stages';

/**
 * The span of an attempt. It belongs to the trace of its event, which is stored with the event, so
 * that retries are in it whichever process makes them. In the workflow of the notification it
 * belongs to the activity. An activity of another trace, as after a manual retry, is linked.
 */
export function attemptSpan(
  { traceparent: activity, trigger, attemptKey }: AttemptInput,
  admitted: Admitted,
): SpanFacts {
  const { delivery, subscription } = admitted;
  const { event } = delivery;
  const isOwn = activity !== undefined && (event.traceparent === undefined || isSameTrace(activity, event.traceparent));
  return {
    name: 'attempt',
    kind: 'client',
    parent: isOwn ? activity : event.traceparent,
    links: activity !== undefined && !isOwn ? [activity] : undefined,
    attributes: {
      'http.request.method': subscription.method,
      'signpost.notification.id': delivery.notificationId,
      'signpost.subscription.id': subscription.id,
      'signpost.event.id': event.webhookId,
      'signpost.event.type': event.type,
      'signpost.attempt.number': delivery.attempts + 1,
      'signpost.attempt.trigger': trigger,
      'signpost.attempt.head_start': attemptKey.startsWith(HEAD_START_PREFIX),
    },
  };
}

/**
 * Sends the receiver where the trace continues: at the attempt, or, with tracing off, where the
 * producer left it. A header of the subscription takes precedence.
 */
export function passTraceOn({ headers }: SignedRequest, span: Span, { delivery }: Admitted): void {
  const traceparent = span.traceparent ?? delivery.event.traceparent;
  if (traceparent !== undefined) headers.traceparent ??= traceparent;
}

/** Without the message of an error, which may name the receiver's host. */
export function noteOutcome(span: Span, { facts, failure }: FinishedAttempt): void {
  if (facts.response) span.set({ 'http.response.status_code': facts.response.status });
  if (failure) span.fail(failure.error.class);
}
