import { FairQueue } from '../domain/fair-queue';
import { pauseAfterMs } from '../domain/pause';

/** Calls at the same time, of all customers. */
const CONCURRENCY = 4;
/**
 * Calls of one customer without a pause. Its few failures do not wait, even while Temporal is slow.
 * The number of free calls grows at this rate again, in each process.
 */
const FREE = 20;
const FREE_PER_SECOND = 5;
/** Calls of one customer at the same time, as long as it needs no pause. */
const FREE_CONCURRENCY = 2;
/** Keys after which those without a call are forgotten. */
const FORGET_ABOVE = 1000;

interface Call {
  key: string;
  make: () => Promise<void>;
  pauses: number;
}

interface KeyState {
  running: number;
  /** From the start of a call that is followed by a pause until the end of the pause. */
  isPaced: boolean;
  /** Until when its calls have taken what is free, in milliseconds of `performance.now`. */
  takenUntilMs: number;
}

/** The key of a customer's starts of workflows whose first attempts wait for the slow lane. */
export function slowStartsOf(customerId: string): string {
  return `slow ${customerId}`;
}

/**
 * Calls to Temporal in the background that cause more work there, such as the start of a workflow.
 * Customers take turns. One that has made its free calls has one call at a time, and pauses after
 * it. So it leaves most of Temporal to others.
 */
export class PacedQueue {
  private readonly queue = new FairQueue<Call>();
  private readonly states = new Map<string, KeyState>();
  private running = 0;

  /**
   * Runs a call when its turn has come.
   *
   * @param key - the customer, with a prefix if its calls do not wait for those of another kind
   * @param pauses - how many times as long as the call took the key pauses; the call counts as many
   *   times
   */
  run<T>(key: string, call: () => Promise<T>, pauses = 1): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.queue.push(key, { key, make: () => call().then(resolve, reject), pauses });
      this.pump();
    });
  }

  private pump(): void {
    while (this.running < CONCURRENCY) {
      const next = this.queue.take();
      if (!next) return;
      void this.make(next);
    }
  }

  private async make({ key, make, pauses }: Call): Promise<void> {
    const state = this.stateOf(key);
    const isFree = use(state, pauses);
    this.running += 1;
    state.running += 1;
    state.isPaced ||= !isFree;
    this.holdBack(key, state);
    const since = performance.now();
    await make();
    const pauseMs = isFree ? 0 : pauseAfterMs(performance.now() - since, pauses);
    this.running -= 1;
    state.running -= 1;
    const goOn = () => {
      this.holdBack(key, state);
      this.pump();
    };
    const endPause = () => {
      state.isPaced = false;
      goOn();
    };
    if (pauseMs > 0) setTimeout(endPause, pauseMs);
    if (isFree || pauseMs > 0) goOn();
    else endPause();
  }

  /** Lets the queue hold the calls of a key back, or no longer. */
  private holdBack(key: string, { isPaced, running }: KeyState): void {
    if (isPaced || running >= FREE_CONCURRENCY) this.queue.pause(key);
    else this.queue.resume(key);
  }

  private stateOf(key: string): KeyState {
    const known = this.states.get(key);
    if (known) return known;
    if (this.states.size >= FORGET_ABOVE) this.forgetIdle();
    const state = { running: 0, isPaced: false, takenUntilMs: 0 };
    this.states.set(key, state);
    return state;
  }

  private forgetIdle(): void {
    const now = performance.now();
    for (const [key, { running, isPaced, takenUntilMs }] of this.states)
      if (running === 0 && !isPaced && takenUntilMs <= now) this.states.delete(key);
  }
}

/**
 * Counts a call.
 *
 * @returns whether it is a free one
 */
function use(state: KeyState, pauses: number): boolean {
  const now = performance.now();
  const latestMs = now + (FREE * 1000) / FREE_PER_SECOND;
  const takenUntilMs = Math.max(now, state.takenUntilMs) + (pauses * 1000) / FREE_PER_SECOND;
  state.takenUntilMs = Math.min(latestMs, takenUntilMs);
  return takenUntilMs <= latestMs;
}
