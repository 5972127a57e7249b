import { SLOW_ATTEMPT_MS } from '../domain/delivery';
import { MASK, maskHeaders, maskSecrets, querySecrets } from '../domain/mask';
import type { HttpResponse } from '../delivery/http-client';
import { markSlow } from '../store/subscriptions/limits';
import type { AttemptDeps } from './deps';
import type { SignedRequest } from './sign';
import type { Admitted, AttemptInput, FailureAt, FinishedAttempt } from './stages';

/** Minimum time left for the receiver, however long composition took, in milliseconds. */
const MIN_SEND_MS = 1000;

/** Sends a prepared request and waits for the response. */
export async function send(
  deps: AttemptDeps,
  { notificationId, attemptKey, trigger, workflowId, onSlow }: AttemptInput,
  { subscription }: Admitted,
  { method, url, headers, body, shownBody, oauth2, tls, privateNames, secrets }: SignedRequest,
  startedAt: Date,
): Promise<FinishedAttempt> {
  // Preparation counts against the timeout, because a claim lasts the timeout and no longer.
  const preparedMs = Date.now() - startedAt.getTime();
  const timeoutMs = Math.max(MIN_SEND_MS, subscription.timeoutSeconds * 1000 - preparedMs);
  // A slow subscription leaves the fast lane before its attempt is over, so that other attempts do
  // not queue behind it.
  const slow = setTimeout(() => {
    void markSlow(deps.db, subscription.id, url).catch(() => undefined);
    onSlow?.();
  }, SLOW_ATTEMPT_MS);
  const { customerId } = subscription;
  const token = oauth2 && { subscriptionId: subscription.id, auth: oauth2 };
  const result = await deps.http.send({ method, url, headers, body, timeoutMs, customerId, oauth2: token, tls });
  clearTimeout(slow);
  const shownHeaders = maskHeaders(headers, privateNames);
  if (oauth2) shownHeaders.authorization = MASK;
  return {
    // Every field is listed: an object literal of this size is several times slower to build if it
    // starts with a spread.
    facts: {
      notificationId,
      subscriptionId: subscription.id,
      trigger,
      attemptKey,
      workflowId,
      startedAt: result.startedAt,
      finishedAt: result.finishedAt,
      durationMs: result.durationMs,
      request: { method, url, headers: shownHeaders, body: shownBody },
      response: result.response && withoutSecrets(result.response, [...secrets, ...querySecrets(url)]),
    },
    failure: result.error && { stage: 'sending', error: result.error },
  };
}

/** Masks what a response may echo of the request, and its cookies. */
function withoutSecrets(response: HttpResponse, secrets: readonly string[]): HttpResponse {
  const { status, headers, body, truncated } = response;
  const cookies = headers['set-cookie'] === undefined ? undefined : { 'set-cookie': MASK };
  if (secrets.length === 0) return cookies ? { ...response, headers: { ...headers, ...cookies } } : response;
  const masked: Record<string, string> = {};
  for (const name in headers) masked[name] = maskSecrets(headers[name]!, secrets);
  return { status, headers: { ...masked, ...cookies }, body: maskSecrets(body, secrets), truncated };
}

/** An attempt that ended with its preparation: there is no request to show. */
export function notSent(
  { notificationId, attemptKey, trigger, workflowId }: AttemptInput,
  { subscription }: Admitted,
  failure: FailureAt<'preparation'>,
  startedAt: Date,
): FinishedAttempt {
  const { id: subscriptionId, method, url } = subscription;
  const finishedAt = new Date();
  return {
    facts: {
      notificationId,
      subscriptionId,
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
