import { performance, type EventLoopUtilization } from 'node:perf_hooks';

const SAMPLE_MS = 50;
/**
 * Above this utilization of the event loop, producers wait noticeably longer for their responses.
 */
const BUSY = 0.7;
/**
 * Fewer would cost the event loop more for each attempt, and keep it busy: attempts that begin
 * together read their notifications with one statement.
 */
const MIN_SLOTS = 16;
const SHRINK = 0.7;
const GROW = 1.25;

/** The clock and the utilization that the pace depends on. */
export interface LoopLoad {
  now(): number;
  utilization(since?: EventLoopUtilization): EventLoopUtilization;
}

const THIS_PROCESS: LoopLoad = {
  now: () => performance.now(),
  utilization: (since) => {
    const current = performance.eventLoopUtilization();
    return since ? { ...current, utilization: performance.eventLoopUtilization(current, since).utilization } : current;
  },
};

/**
 * Limits how many head starts of a backlog send concurrently. They are late already, while
 * producers wait for their responses now. So a backlog uses only what the event loop has to spare:
 * few slots while receivers are quick, and all slots while receivers are slow.
 */
export class BacklogPace {
  private current = MIN_SLOTS;
  private last: EventLoopUtilization;
  private sampledAt: number;

  /** @param maxSlots - upper limit of `slots` */
  constructor(
    private readonly maxSlots: number,
    private readonly load: LoopLoad = THIS_PROCESS,
  ) {
    this.last = load.utilization();
    this.sampledAt = load.now();
  }

  /** Slots for the backlog now. Adjusted at most every 50 ms, when it is read. */
  get slots(): number {
    const now = this.load.now();
    if (now - this.sampledAt >= SAMPLE_MS) {
      this.last = this.load.utilization(this.last);
      this.sampledAt = now;
      this.current =
        this.last.utilization > BUSY
          ? Math.max(MIN_SLOTS, this.current * SHRINK)
          : Math.min(this.maxSlots, this.current * GROW);
    }
    return Math.floor(this.current);
  }
}
