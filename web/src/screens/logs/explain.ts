import { plural, t } from '@lingui/core/macro';
import type { AttemptDetail, AttemptError, NotificationDetail } from '../../api/types';

/** Causes and remedies by the error class of the attempt. */
const ADVICE: Record<string, { what: string; todo: string }> = {
  dns: {
    what: t`The host name could not be resolved.`,
    todo: t`Check the host in the URL and its DNS record.`,
  },
  connect: {
    what: t`Could not connect to the receiver.`,
    todo: t`Check that the receiver is running and reachable from Signpost, then retry.`,
  },
  tls: {
    what: t`The TLS handshake failed.`,
    todo: t`Check the certificate of the receiver: it may be expired, issued for another host, or signed by an unknown CA.`,
  },
  timeout: {
    what: t`The receiver did not respond in time.`,
    todo: t`Respond first and process the event afterwards, or raise the timeout in the HTTP settings.`,
  },
  blocked: {
    what: t`The address is blocked.`,
    todo: t`The URL resolves to a private or reserved address. An operator can allow it.`,
  },
  'response-too-large': {
    what: t`The response headers were too large.`,
    todo: t`Respond with at most 16 KiB of headers, then retry. A long body is truncated and does no harm.`,
  },
  transform: {
    what: t`The request body could not be composed.`,
    todo: t`Fix the transform of the endpoint or the service definition of the event type. A dry run shows its output.`,
  },
  sign: {
    what: t`The request could not be signed.`,
    todo: t`Check the service log. The master key may have changed.`,
  },
  internal: {
    what: t`Signpost hit an internal error.`,
    todo: t`The attempt is retried. If the error persists, check the service log.`,
  },
};

/** The message of an attempt that the end of a process cut off. Its class is `internal`. */
const CUT_OFF = /^the process was shut down /;

/** Returns the cause of an attempt's error, and what to do about it. */
export function adviceFor({ error, status }: Pick<AttemptDetail, 'status'> & { error: AttemptError }): {
  what: string;
  todo: string;
} {
  if (error.class === 'status' && status !== null)
    return { what: t`The receiver returned ${status}.`, todo: t`Fix the receiver, then retry.` };
  if (CUT_OFF.test(error.message))
    return {
      what: t`Signpost was shut down before the receiver responded.`,
      todo: t`Nothing: the attempt is made again. The receiver may get the event twice, with the same webhook-id.`,
    };
  return ADVICE[error.class] ?? { what: error.message, todo: t`Retry, or check the service log.` };
}

const times = (count: number) => plural(count, { one: '# attempt', other: '# attempts' });

/** Describes the status of a notification and what happens next. */
export function describeStatus({ status, attemptCount, lastError, live }: NotificationDetail): string {
  const why = lastError ? `: ${lastError.message}` : '';
  switch (status) {
    case 'delivered':
      return t`Delivered after ${times(attemptCount)}.`;
    case 'failed':
      return t`Failed after ${times(attemptCount)}${why}. No more retries are scheduled.`;
    case 'retrying':
      return t`Attempt ${attemptCount} failed${why}. Another attempt is scheduled.`;
    case 'held':
      return t`Held until the endpoint accepts deliveries again.`;
    case 'cancelled':
      return attemptCount > 0 ? t`Cancelled after ${times(attemptCount)}.` : t`Cancelled before the first attempt.`;
    case 'delivering':
      return t`An attempt is in progress.`;
    default:
      return live?.phase === 'delivering'
        ? t`The first attempt is in progress.`
        : t`Accepted. The first attempt is about to start.`;
  }
}
