/**
 * Waits until a condition holds.
 *
 * @throws Error with the last value if it does not hold within `timeoutMs`
 */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, timeoutMs = 30_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end)
      throw new Error(`the condition did not hold within ${timeoutMs} ms; last value: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
