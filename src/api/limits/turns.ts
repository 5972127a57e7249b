import { Problem } from '../../domain/problems';

interface Line {
  running: number;
  waiting: (() => void)[];
}

/**
 * Bounds how much of a shared resource one tenant uses: at most `atOnce` pieces of its work run,
 * and at most `maxWaiting` wait in its own line.
 */
export class Turns {
  private readonly lines = new Map<string, Line>();

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
  ) {}

  /** @throws Problem too-many-requests if the tenant's line is full */
  async take<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(tenant) ?? { running: 0, waiting: [] };
    this.lines.set(tenant, line);
    if (line.running < this.atOnce) line.running += 1;
    else await this.wait(line);
    try {
      return await work();
    } finally {
      // The place passes to the next in line.
      const next = line.waiting.shift();
      if (next) next();
      else if ((line.running -= 1) === 0) this.lines.delete(tenant);
    }
  }

  private wait({ waiting }: Line): Promise<void> {
    if (waiting.length >= this.maxWaiting)
      throw new Problem('too-many-requests', 'Too many requests of this tenant are in progress. Retry later.', {
        headers: { 'retry-after': '2' },
      });
    return new Promise((resolve) => waiting.push(resolve));
  }
}
