export { answerChallenge } from './challenge.js';
export type { Delivery, ReceiverOptions } from './check.js';
export { deduplicator, MemoryStore, type SeenStore } from './deduplicate.js';
export { VerificationError } from './errors.js';
export { verifyEnvelope, verifyFlat, verifyTrigger, type EnvelopePayload, type TriggerClaims } from './formats.js';
export { Inbox, type InboxClient, type InboxOptions } from './inbox.js';
export { deliveryOf, signpostReceiver, type VerifiedRequest } from './middleware.js';
export {
  receiver,
  type Receiver,
  type StandardPayload,
  type TypedEnvelopePayload,
  type TypedTriggerClaims,
} from './receiver.js';
export { verifyStandard, type Headers, type StandardOptions } from './standard.js';
