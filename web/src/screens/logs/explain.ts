import type { AttemptDetail, AttemptError, NotificationDetail } from '../../api/types';

/** Causes and remedies by the error class of the attempt. */
const ADVICE: Record<string, { what: string; todo: string }> = {
  dns: {
    what: 'The host name could not be resolved.',
    todo: 'Check the host in the URL and its DNS record.',
  },
  connect: {
    what: 'Could not connect to the receiver.',
    todo: 'Check that the receiver is running and reachable from Signpost, then retry.',
  },
  tls: {
    what: 'The TLS handshake failed.',
    todo: 'Check the certificate of the receiver: it may be expired, issued for another host, or signed by an unknown CA.',
  },
  timeout: {
    what: 'The receiver did not respond in time.',
    todo: 'Respond first and process the event afterwards, or raise the timeout in the HTTP settings.',
  },
  blocked: {
    what: 'The address is blocked.',
    todo: 'The URL resolves to a private or reserved address. An operator can allow it.',
  },
  'response-too-large': {
    what: 'The response headers were too large.',
    todo: 'Respond with at most 16 KiB of headers, then retry. A long body is truncated and does no harm.',
  },
  transform: {
    what: 'The request body could not be composed.',
    todo: 'Fix the transform of the endpoint or the service definition of the event type. A dry run shows its output.',
  },
  sign: {
    what: 'The request could not be signed.',
    todo: 'Check the service log. The master key may have changed.',
  },
  internal: {
    what: 'Signpost hit an internal error.',
    todo: 'The attempt is retried. If the error persists, check the service log.',
  },
};

/** Returns the cause of an attempt's error, and what to do about it. */
export function adviceFor({ error, status }: Pick<AttemptDetail, 'status'> & { error: AttemptError }): {
  what: string;
  todo: string;
} {
  if (error.class === 'status' && status !== null)
    return { what: `The receiver returned ${status}.`, todo: 'Fix the receiver, then retry.' };
  return ADVICE[error.class] ?? { what: error.message, todo: 'Retry, or check the service log.' };
}

const times = (count: number) => (count === 1 ? '1 attempt' : `${count} attempts`);

/** Describes the status of a notification and what happens next. */
export function describeStatus({ status, attemptCount, lastError, live }: NotificationDetail): string {
  const why = lastError ? `: ${lastError.message}` : '';
  switch (status) {
    case 'delivered':
      return `Delivered after ${times(attemptCount)}.`;
    case 'failed':
      return `Failed after ${times(attemptCount)}${why}. No more retries are scheduled.`;
    case 'retrying':
      return `Attempt ${attemptCount} failed${why}. Another attempt is scheduled.`;
    case 'held':
      return 'Held until the endpoint accepts deliveries again.';
    case 'cancelled':
      return `Cancelled${attemptCount > 0 ? ` after ${times(attemptCount)}` : ' before the first attempt'}.`;
    case 'delivering':
      return 'An attempt is in progress.';
    default:
      return live?.phase === 'delivering'
        ? 'The first attempt is in progress.'
        : 'Accepted. The first attempt is about to start.';
  }
}
