import type { ReceiverAccess } from './receiver-access';

/** The outcome of a challenge (CRC). */
export interface ChallengeOutcome {
  verified: boolean;
  /** The secret that the response proves; null if it proves none. */
  secret: string | null;
  /** `null` if there was no response. */
  responseStatus: number | null;
  /** An explanation for the person who fixes the receiver. */
  detail: string;
  durationMs: number;
}

/** A challenge to send. */
export interface ChallengeRequest {
  subscriptionId: string;
  url: string;
  /** All secrets of the subscription that have not expired; the response may use any. */
  secrets: readonly string[];
  /** The headers and credentials of deliveries, without which a receiver may refuse the request. */
  access: ReceiverAccess;
  /** The customer of the subscription, whose bounds the request counts against. */
  customerId?: string;
}

/**
 * Sends challenges (CRC) to URLs. Only a receiver that knows the subscription's secret can pass.
 */
export interface ChallengeSender {
  /** Sends one challenge. Never throws because of what the receiver does. */
  challenge(request: ChallengeRequest): Promise<ChallengeOutcome>;
}
