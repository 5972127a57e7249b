/** The outcome of a challenge (CRC). */
export interface ChallengeOutcome {
  verified: boolean;
  /** `null` if there was no response. */
  responseStatus: number | null;
  /** An explanation for the person who fixes the receiver. */
  detail: string;
  durationMs: number;
}

/**
 * Sends challenges (CRC) to URLs. Only a receiver that knows the subscription's secret can pass.
 */
export interface ChallengeSender {
  /**
   * Sends one challenge. Never throws because of what the receiver does.
   *
   * @param secrets - all secrets of the subscription that have not expired; the response may use
   *   any
   * @param customerId - the customer of the subscription, whose bounds the request counts against
   */
  challenge(url: string, secrets: readonly string[], customerId?: string): Promise<ChallengeOutcome>;
}
