/** What came of a challenge (CRC). */
export interface ChallengeOutcome {
  verified: boolean;
  /** `null` where no response came. */
  responseStatus: number | null;
  /** In plain words, for the one who repairs the receiver. */
  detail: string;
  durationMs: number;
}

/** Sends challenges (CRC) to URLs: only who holds the subscription's secret can answer. */
export interface ChallengeSender {
  /**
   * Sends one and says what came of it; never throws for what the receiver does.
   *
   * @param secrets - the subscription's, all that have not expired: the answer may be made with any
   */
  challenge(url: string, secrets: readonly string[]): Promise<ChallengeOutcome>;
}
