/** Shortest and longest time between two looks. */
const MIN_MS = 20;
const MAX_MS = 100;

/**
 * Waits until a condition holds.
 *
 * @throws Error with the last value if it does not hold within `timeoutMs`
 */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const startedAt = Date.now();
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    const elapsedMs = Date.now() - startedAt;
    if (elapsedMs > timeoutMs)
      throw new Error(`the condition did not hold within ${timeoutMs} ms; last value: ${JSON.stringify(seen)}`);
    // A long wait looks less often: many looks slow down what is waited for.
    await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(elapsedMs / 10, MIN_MS), MAX_MS)));
  }
}
