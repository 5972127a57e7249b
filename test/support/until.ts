/** Waits until a condition holds. @throws Error with what was seen last where it does not within `timeoutMs` */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, timeoutMs = 30_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`waited in vain; seen last: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
