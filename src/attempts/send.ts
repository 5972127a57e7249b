import { CUT_OFF } from '../domain/attempt';
import { SLOW_ATTEMPT_MS } from '../domain/delivery';
import { changeTexts, MASK, maskHeaders, maskResponse, querySecrets } from '../domain/mask';
import { replaceTokens } from '../domain/signing';
import { MAX_CONNECT_MS, type HttpResponse } from '../delivery/http-client';
import { TimeLimit } from '../process/time-limit';
import { markSlow } from '../store/subscriptions/limits';
import type { AttemptDeps } from './deps';
import type { SignedRequest } from './sign';
import { AttemptLeftError, type Admitted, type AttemptInput, type FailureAt, type FinishedAttempt } from './stages';

/** Minimum time left for the receiver, however long composition took, in milliseconds. */
const MIN_SEND_MS = 1000;

/** Sends a prepared request and waits for the response. */
export async function send(
  deps: AttemptDeps,
  { notificationId, attemptKey, trigger, workflowId, beginBefore, onSlow }: AttemptInput,
  { subscription }: Admitted,
  { method, url, headers, body, shownBody, oauth2, tls, privateNames, secrets, sendsToken }: SignedRequest,
  startedAt: Date,
): Promise<FinishedAttempt> {
  if (deps.cutOff.aborted) throw new AttemptLeftError('stopped');
  // Preparation counts against the timeout, because a claim lasts the timeout and no longer.
  const preparedMs = Date.now() - startedAt.getTime();
  const timeoutMs = Math.max(MIN_SEND_MS, subscription.timeoutSeconds * 1000 - preparedMs);
  // A claim also lasts the time in which a head start may begin. What is left of it may be spent on
  // the wait for a connection, which is not the receiver's time.
  const connectMs = beginBefore === undefined ? MAX_CONNECT_MS : Math.max(0, beginBefore - performance.now());
  // A slow subscription leaves the fast lane before its attempt is over, so that other attempts do
  // not queue behind it.
  const slow = new TimeLimit(SLOW_ATTEMPT_MS, () => {
    void markSlow(deps.db, subscription.id, subscription.receiverRevision).catch(() => undefined);
    onSlow?.();
  });
  const { customerId } = subscription;
  const token = oauth2 && { subscriptionId: subscription.id, auth: oauth2 };
  const result = await deps.http.send({
    method,
    url,
    headers,
    body,
    timeoutMs,
    connectMs,
    customerId,
    oauth2: token,
    tls,
    signal: deps.cutOff,
  });
  slow.clear();
  const shownHeaders = maskHeaders(headers, privateNames);
  if (oauth2) shownHeaders.authorization = MASK;
  return {
    // Every field is listed: an object literal of this size is several times slower to build if it
    // starts with a spread.
    facts: {
      notificationId,
      subscriptionId: subscription.id,
      failurePeriod: subscription.failurePeriod,
      trigger,
      attemptKey,
      workflowId,
      startedAt: result.startedAt,
      finishedAt: result.finishedAt,
      durationMs: result.durationMs,
      request: { method, url, headers: shownHeaders, body: shownBody },
      response:
        result.response &&
        withoutSecrets(sendsToken ? withoutTokens(result.response) : result.response, [
          ...secrets,
          ...querySecrets(url),
        ]),
    },
    failure: result.aborted
      ? { stage: 'sending', error: CUT_OFF, cutOff: true }
      : result.error && { stage: 'sending', error: result.error },
  };
}

/** Masks what a response may echo of the request, and its cookies. */
function withoutSecrets(response: HttpResponse, secrets: readonly string[]): HttpResponse {
  const masked = secrets.length === 0 ? response : maskResponse(response, secrets);
  if (masked.headers['set-cookie'] === undefined) return masked;
  return { ...masked, headers: { ...masked.headers, 'set-cookie': MASK } };
}

/** The token is also a copy of the custom data. */
function withoutTokens(response: HttpResponse): HttpResponse {
  return changeTexts(response, (text) => replaceTokens(text, MASK));
}

/** An attempt that ended with its preparation: there is no request to show. */
export function notSent(
  { notificationId, attemptKey, trigger, workflowId }: AttemptInput,
  { subscription }: Admitted,
  failure: FailureAt<'preparation'>,
  startedAt: Date,
): FinishedAttempt {
  const { id: subscriptionId, failurePeriod, method, url } = subscription;
  const finishedAt = new Date();
  return {
    facts: {
      notificationId,
      subscriptionId,
      failurePeriod,
      trigger,
      attemptKey,
      workflowId,
      startedAt,
      finishedAt,
      durationMs: finishedAt.getTime() - startedAt.getTime(),
      request: { method, url, headers: {}, body: null },
      response: null,
    },
    failure,
  };
}
