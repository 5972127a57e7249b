import { ComposeError, ComposerBusyError } from '../domain/composing';
import { composeData } from './compose';
import type { AttemptDeps } from './deps';
import type { ReceiverAccessCache } from './receiver-access-cache';
import { signRequest, type SignedRequest } from './sign';
import type { Admitted, AttemptInput, FailureAt } from './stages';

const PAYLOAD_EXPIRED: FailureAt<'preparation'> = {
  stage: 'preparation',
  error: { class: 'internal', message: 'the payload of the event has expired; it cannot be sent again' },
  permanent: true,
};

/**
 * Composes the body of an attempt and signs its request.
 *
 * @param startedAt - start of the attempt; the signature's timestamp unless a body is composed
 * @returns the request or the failure; a promise only if the body is composed or encrypted, or the
 *   format needs a token
 * @throws ComposerBusyError if the transform got no turn, so that nothing was attempted
 */
export function prepare(
  deps: AttemptDeps & { access: ReceiverAccessCache },
  { notificationId }: AttemptInput,
  { delivery, subscription }: Admitted,
  startedAt: Date,
): SignedRequest | FailureAt<'preparation'> | Promise<SignedRequest | FailureAt<'preparation'>> {
  const toFailure = (error: unknown): FailureAt<'preparation'> => {
    if (error instanceof ComposerBusyError) throw error;
    if (error instanceof ComposeError)
      return { stage: 'preparation', error: { class: 'transform', message: error.message } };
    deps.log.error({ err: error, notificationId }, 'signing failed');
    return { stage: 'preparation', error: { class: 'sign', message: 'the request could not be signed' } };
  };
  // Retention keeps the payload of open notifications. One that was reopened at the moment when it
  // expired comes here.
  if (delivery.payloadExpired) return PAYLOAD_EXPIRED;
  try {
    const access = deps.access.of(subscription);
    const composing = composeData(deps, delivery, subscription);
    // Composition takes time, and a signature's timestamp must not be old when it is sent.
    const signing = composing
      ? composing.then((composed) => signRequest(deps, delivery, subscription, access, composed, new Date()))
      : signRequest(deps, delivery, subscription, access, undefined, startedAt);
    return signing instanceof Promise ? signing.catch(toFailure) : signing;
  } catch (error) {
    return toFailure(error);
  }
}
