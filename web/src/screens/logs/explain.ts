import type { AttemptError, NotificationDetail } from '../../api/types';

/** What went wrong, and what to do about it, by the class of the error. */
const ADVICE: Record<string, { what: string; todo: string }> = {
  dns: {
    what: 'The host name could not be resolved.',
    todo: 'Check the host in the URL, and that its DNS entry exists.',
  },
  connect: {
    what: 'No connection could be made.',
    todo: 'Is the receiver running, and does its firewall let Signpost in? Retry when it does.',
  },
  tls: {
    what: 'The secure connection failed.',
    todo: 'Look at the certificate of the receiver: expired, for another name, or signed by nobody known.',
  },
  timeout: {
    what: 'The receiver did not answer in time.',
    todo: 'Have it answer first and work afterwards, or allow it more time in the HTTP settings.',
  },
  blocked: {
    what: 'The address may not be reached from here.',
    todo: 'The URL leads to a private or reserved address. An operator can allow it.',
  },
  status: {
    what: 'The receiver answered, but not with success (2xx).',
    todo: 'Its answer is below. When the receiver is mended, retry.',
  },
  'response-too-large': {
    what: 'The answer was too large to be read.',
    todo: 'Have the receiver answer with a short body, or none.',
  },
  transform: {
    what: 'The body could not be composed.',
    todo: 'Correct the transform of the endpoint or the service definition of the event type; a dry run shows what it makes.',
  },
  sign: {
    what: 'The request could not be signed.',
    todo: 'Look at the log of the service: its master key may have changed.',
  },
  internal: {
    what: 'Something went wrong in Signpost.',
    todo: 'It is retried. If it stays so, look at the log of the service.',
  },
};

/** @returns what a class of errors means, and what to do */
export function adviceFor(error: AttemptError): { what: string; todo: string } {
  return ADVICE[error.class] ?? { what: error.message, todo: 'Retry, or look at the log of the service.' };
}

const times = (count: number) => (count === 1 ? '1 attempt' : `${count} attempts`);

/** Where a notification stands, and what happens next, in words. */
export function storyOf({ status, attemptCount, lastError, live }: NotificationDetail): string {
  const why = lastError ? `: ${lastError.message}` : '';
  switch (status) {
    case 'delivered':
      return `Delivered, after ${times(attemptCount)}.`;
    case 'failed':
      return `Failed after ${times(attemptCount)}${why}. Nothing more happens unless you retry.`;
    case 'retrying':
      return `${attemptCount === 1 ? 'The first attempt' : `The last of ${times(attemptCount)}`} failed${why}. It is tried again.`;
    case 'held':
      return 'Held: it goes out when its endpoint takes deliveries again.';
    case 'cancelled':
      return `Cancelled${attemptCount > 0 ? ` after ${times(attemptCount)}` : ' before any attempt'}.`;
    case 'delivering':
      return 'An attempt is under way.';
    default:
      return live?.phase === 'delivering'
        ? 'The first attempt is under way.'
        : 'Accepted; the first attempt is about to be made.';
  }
}
