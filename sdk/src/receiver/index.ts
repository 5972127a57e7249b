export { answerChallenge } from './challenge.js';
export { deduplicator, MemoryStore, type SeenStore } from './deduplicate.js';
export { VerificationError } from './errors.js';
export { verifyEnvelope, verifyFlat, verifyTrigger, type EnvelopePayload, type TriggerClaims } from './formats.js';
export { signpostReceiver, type Delivery, type ReceiverOptions, type VerifiedRequest } from './middleware.js';
export { verifyStandard, type Headers, type StandardOptions } from './standard.js';
