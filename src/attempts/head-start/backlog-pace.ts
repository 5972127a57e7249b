import { performance, type EventLoopUtilization } from 'node:perf_hooks';

const SAMPLE_MS = 50;
/** Past this share of its time the event loop makes producers wait for their answers. */
const BUSY = 0.7;
const MIN_PLACES = 4;
const SHRINK = 0.7;
const GROW = 1.25;

/** What the pace goes by. */
export interface LoopLoad {
  now(): number;
  utilization(since?: EventLoopUtilization): EventLoopUtilization;
}

const OF_THIS_PROCESS: LoopLoad = {
  now: () => performance.now(),
  utilization: (since) => {
    const current = performance.eventLoopUtilization();
    return since ? { ...current, utilization: performance.eventLoopUtilization(current, since).utilization } : current;
  },
};

/**
 * How many of a backlog may be under way at once. They have waited already, and producers are waiting for their answers: so a backlog takes what the event
 * loop has to spare, which is little while receivers are quick and all places while they are slow.
 */
export class BacklogPace {
  private current = MIN_PLACES;
  private last: EventLoopUtilization;
  private sampledAt: number;

  /** @param maxPlaces - never more than that */
  constructor(
    private readonly maxPlaces: number,
    private readonly load: LoopLoad = OF_THIS_PROCESS,
  ) {
    this.last = load.utilization();
    this.sampledAt = load.now();
  }

  get places(): number {
    const now = this.load.now();
    if (now - this.sampledAt >= SAMPLE_MS) {
      this.last = this.load.utilization(this.last);
      this.sampledAt = now;
      this.current =
        this.last.utilization > BUSY
          ? Math.max(MIN_PLACES, this.current * SHRINK)
          : Math.min(this.maxPlaces, this.current * GROW);
    }
    return Math.floor(this.current);
  }
}
