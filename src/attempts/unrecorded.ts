import type { ConcludedAttempt } from './outcome';
import type { AttemptInput } from './stages';
import { mayHaveHeadStart } from './take-over';

/**
 * How long an attempt that Postgres rejected is kept for the next run of its activity, which may
 * never come: the workflow may have moved to another process.
 */
const KEPT_MS = 10 * 60_000;

type Attempt = Pick<AttemptInput, 'notificationId' | 'attemptKey' | 'step'>;

/**
 * The attempts that were made and are not recorded. A head start and its workflow share the entry
 * of a first attempt, so neither makes the other's again.
 */
export class UnrecordedAttempts {
  private readonly entries = new Map<string, { attempt: ConcludedAttempt; expiresAt: number }>();

  get size(): number {
    return this.entries.size;
  }

  find(input: Attempt): ConcludedAttempt | undefined {
    this.dropExpired();
    return this.entries.get(keyOf(input))?.attempt;
  }

  keep(input: Attempt, attempt: ConcludedAttempt): void {
    this.dropExpired();
    this.entries.set(keyOf(input), { attempt, expiresAt: performance.now() + KEPT_MS });
  }

  drop(input: Attempt): void {
    this.entries.delete(keyOf(input));
  }

  /** The entries are in the order in which they expire. */
  private dropExpired(): void {
    const now = performance.now();
    for (const [key, { expiresAt }] of this.entries) {
      if (expiresAt > now) return;
      this.entries.delete(key);
    }
  }
}

function keyOf(input: Attempt): string {
  return `${input.notificationId} ${mayHaveHeadStart(input) ? 'first' : input.attemptKey}`;
}
