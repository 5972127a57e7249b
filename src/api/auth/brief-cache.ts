/** What was looked up is believed for so long, in milliseconds. */
const KEPT_MS = 1000;
/** From then on the next who asks has it looked up again, and waits for that no more than anybody else. */
const RENEWED_AFTER_MS = 500;
const MAX_KEPT = 10_000;

interface Entry<T> {
  /** What was found, as it is given to everybody who asks: none of them makes a promise of their own. */
  answer: Promise<T>;
  at: number;
  isRenewing: boolean;
}

/**
 * Keeps what was looked up for a moment, so that what is asked for many times a second is looked up once or twice, and nobody waits for it: it is
 * renewed before it is too old. What was not found is looked up each time.
 */
export class BriefCache<T> {
  private readonly kept = new Map<string, Entry<T>>();

  constructor(private readonly now: () => number) {}

  /** @throws what `find` throws, where nothing is known */
  get(key: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const known = this.kept.get(key);
    const age = known ? this.now() - known.at : Infinity;
    if (!known || age >= KEPT_MS) return this.look(key, known, find);
    if (age >= RENEWED_AFTER_MS && !known.isRenewing) {
      known.isRenewing = true;
      // Whoever asks when it is too old is told what is wrong.
      this.look(key, known, find).catch(() => undefined);
    }
    return known.answer;
  }

  clear(): void {
    this.kept.clear();
  }

  private async look(key: string, known: Entry<T> | undefined, find: () => Promise<T | undefined>) {
    const at = this.now();
    const value = await find();
    // What was forgotten or renewed meanwhile is not to come back as it was before.
    if (this.kept.get(key) !== known) return value;
    this.kept.delete(key);
    if (value === undefined) return undefined;
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    this.kept.set(key, { answer: Promise.resolve(value), at, isRenewing: false });
    return value;
  }
}
