/**
 * Calls a function after some time, unless it is cleared before.
 *
 * A process that was paused (by SIGSTOP, with its machine, or by a long garbage collection) runs
 * the timers that are due before it reads from its sockets. So what has arrived by the end of the
 * time is read first: it may be what was waited for.
 */
export class TimeLimit {
  private readonly timer: NodeJS.Timeout;
  private afterReading: NodeJS.Immediate | undefined;

  constructor(ms: number, onOver: () => void) {
    this.timer = setTimeout(() => (this.afterReading = setImmediate(onOver)), ms);
  }

  clear(): void {
    clearTimeout(this.timer);
    clearImmediate(this.afterReading);
  }
}

/** The result of work, or that of `late` if the work takes too long. The work goes on. */
export async function within<T>(ms: number, work: Promise<T>, late: () => T | Promise<T>): Promise<T> {
  let limit: TimeLimit | undefined;
  const isOver = new Promise<void>((resolve) => (limit = new TimeLimit(ms, resolve)));
  return Promise.race([work, isOver.then(late)]).finally(() => limit?.clear());
}
