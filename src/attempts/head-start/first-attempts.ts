import type { DeliverOutcome } from '../../domain/delivery';
import { endsWithin } from '../../process/ends-within';

/**
 * How long an outcome is kept for its workflow. A workflow that asks later reads the recorded
 * outcome.
 */
const OUTCOME_KEPT_MS = 60_000;
/**
 * Upper limit of kept outcomes. Beyond it, the oldest is dropped, and its workflow reads the
 * record.
 */
const MAX_KEPT = 50_000;
/** How long `whenTakenOver` waits at most, since the workflow may run on another worker. */
const TAKEN_TIMEOUT_MS = 2000;

/** Whose attempt it is. */
export interface Owner {
  customerId: string;
  subscriptionId: string;
}

interface UnderWay {
  owner: Owner | undefined;
  outcome: Promise<DeliverOutcome | undefined>;
  resolve(outcome: DeliverOutcome | undefined): void;
}

/**
 * The first attempts that this process has under way, from the wait for a slot to the record.
 * An attempt is reserved before it is made, so that the process never makes the same attempt
 * twice at the same time: neither two bursts, nor a burst and a workflow, nor a head start and its
 * workflow. Claims in Postgres do the same between processes.
 *
 * The notification of a first attempt is in one of these states:
 *
 * - FREE: this process knows nothing about it. `reserve` succeeds: UNDER WAY.
 * - UNDER WAY: `reserve` fails, and `outcomeOf` waits. `end` without an outcome to keep: FREE.
 *   `end` with one: KEPT.
 * - KEPT: the outcome waits for its workflow, up to 60 s. `outcomeOf` takes it: FREE.
 */
export class FirstAttempts {
  private readonly underWay = new Map<string, UnderWay>();
  /** In the order in which the attempts ended. */
  private readonly kept = new Map<string, { outcome: DeliverOutcome; expiresAt: number }>();
  private readonly takers = new Map<string, () => void>();

  has(notificationId: string): boolean {
    return this.underWay.has(notificationId);
  }

  /** The notifications whose first attempt is under way. */
  get ids(): string[] {
    return [...this.underWay.keys()];
  }

  /** @returns undefined if none is under way, or the owner is not known */
  ownerOf(notificationId: string): Owner | undefined {
    return this.underWay.get(notificationId)?.owner;
  }

  /** @returns false if the attempt is under way already, and must be left alone */
  reserve(notificationId: string, owner?: Owner): boolean {
    if (this.underWay.has(notificationId)) return false;
    this.kept.delete(notificationId);
    const entry: Partial<UnderWay> = { owner };
    entry.outcome = new Promise((resolve) => (entry.resolve = resolve));
    this.underWay.set(notificationId, entry as UnderWay);
    return true;
  }

  /**
   * Ends a reserved attempt.
   *
   * @param outcome - undefined if no attempt was made
   * @param keep - whether a workflow will ask for the outcome
   */
  end(notificationId: string, outcome: DeliverOutcome | undefined, keep = false): void {
    const entry = this.underWay.get(notificationId);
    this.underWay.delete(notificationId);
    if (outcome && keep) this.keep(notificationId, outcome);
    else this.noteTaken(notificationId);
    entry?.resolve(outcome);
  }

  /**
   * Waits for the attempt that is under way, and takes its outcome.
   *
   * @returns undefined if this process makes none, or made none
   */
  async outcomeOf(notificationId: string): Promise<DeliverOutcome | undefined> {
    this.noteTaken(notificationId);
    const outcome = await this.underWay.get(notificationId)?.outcome;
    const kept = this.kept.get(notificationId);
    this.kept.delete(notificationId);
    if (outcome) return outcome;
    return kept && kept.expiresAt > performance.now() ? kept.outcome : undefined;
  }

  /** Whether the attempt that is under way ends within this time. */
  async endsWithin(notificationId: string, waitMs: number): Promise<boolean> {
    const outcome = this.underWay.get(notificationId)?.outcome;
    if (!outcome) return true;
    return endsWithin(outcome, waitMs);
  }

  /**
   * Resolves when the workflow has asked for the outcome, or after 2 s. Resolves immediately if
   * there is nothing to ask for.
   */
  async whenTakenOver(notificationId: string): Promise<void> {
    if (!this.underWay.has(notificationId) && !this.kept.has(notificationId)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.noteTaken(notificationId), TAKEN_TIMEOUT_MS);
      this.takers.set(notificationId, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private noteTaken(notificationId: string): void {
    const taker = this.takers.get(notificationId);
    if (!taker) return;
    this.takers.delete(notificationId);
    taker();
  }

  private keep(notificationId: string, outcome: DeliverOutcome): void {
    const now = performance.now();
    for (const [id, { expiresAt }] of this.kept) {
      if (expiresAt > now && this.kept.size < MAX_KEPT) break;
      this.kept.delete(id);
    }
    this.kept.set(notificationId, { outcome, expiresAt: now + OUTCOME_KEPT_MS });
  }
}
