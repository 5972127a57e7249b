import type { Logger } from 'pino';
import { endsWithin } from '../process/ends-within';

/** Time for closing connections and stopping servers, after the phases before it. */
const CLOSE_MS = 3500;

/** Time for cutting off work at the end of the grace period, recording it, and releasing claims. */
const CUT_OFF_MS = 1000;

/**
 * @param leftMs - time left for the phase
 * @returns false if work is still under way
 */
type Step = (leftMs: number) => Promise<unknown>;

/**
 * Steps that stop what was started, in phases with one deadline:
 *
 * 1. `drain`: stops taking requests, one step after the other, the last one added first.
 * 2. `work`: ends what is under way, all steps concurrently. An attempt that ends is recorded.
 * 3. `cutOff`, if work is still under way at the deadline: cuts it off, and records that.
 * 4. `close`: closes what the parts use, the last one added first. If work is still under way
 *    then, nothing is closed under it: the process exits, which closes everything.
 */
export class Cleanups {
  private readonly drain: Step[] = [];
  private readonly work: Step[] = [];
  private readonly cutOff: Step[] = [];
  private readonly close: { step: Step; always: boolean }[] = [];
  private running: Promise<void> | undefined;

  addDrain(step: Step): void {
    this.drain.push(step);
  }

  addWork(step: Step): void {
    this.work.push(step);
  }

  addCutOff(step: Step): void {
    this.cutOff.push(step);
  }

  /** @param always - whether the step is needed even if the process exits, to end others */
  add(step: Step, { always = false } = {}): void {
    this.close.push({ step, always });
  }

  /**
   * Runs each step once. Resolves 4.5 s after the grace period at the latest, whatever hangs.
   *
   * @param graceMs - for the first two phases
   */
  run(graceMs: number, log?: Logger): Promise<void> {
    return (this.running ??= this.runAll(graceMs, log));
  }

  private async runAll(graceMs: number, log: Logger | undefined): Promise<void> {
    const deadline = performance.now() + graceMs;
    const leftMs = () => Math.max(0, deadline - performance.now());
    const guarded = (step: Step) =>
      step(leftMs()).catch((err: unknown) => log?.warn({ err }, 'a part could not be stopped cleanly'));
    for (const step of this.drain.toReversed()) await endsWithin(guarded(step), leftMs());
    let isDone = false;
    const working = Promise.all(this.work.map(guarded)).then((results) => (isDone = !results.includes(false)));
    if (!(await endsWithin(working, leftMs())))
      await endsWithin(Promise.all([working, ...this.cutOff.map(guarded)]), CUT_OFF_MS);
    if (!isDone) log?.warn('work is still under way at the end of the grace period; it is repeated by another process');
    const closing = async () => {
      for (const { step, always } of this.close.toReversed()) if (isDone || always) await guarded(step);
    };
    await endsWithin(closing(), CLOSE_MS);
  }
}
