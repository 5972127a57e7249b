import type { RenewedClaim } from './claim-renewal';
import type { LeftReason } from './head-start-queue';
import type { HeadStartLimits } from './slots';

export interface HeadStartOptions {
  /** Identifies the claims of this process; new at every start. */
  processId: string;
  /** Whether a worker in this process asks for outcomes. */
  keepOutcomes: boolean;
  /** @default `DEFAULT_LIMITS` */
  limits?: HeadStartLimits;
  /**
   * Releases the claims of notifications whose attempts were not made.
   *
   * @param soon - whether this process stops, so that others should make them soon
   */
  releaseClaims?(notificationIds: readonly string[], soon: boolean): Promise<void>;
  /**
   * Renews the claims of notifications that wait for a slot, as members of bursts that this process
   * follows.
   *
   * @returns those that it renewed
   * @default they leave the queue, and their bursts claim them again
   */
  renewClaims?(notificationIds: readonly string[]): Promise<readonly RenewedClaim[]>;
  onLeft?(reason: LeftReason): void;
}
