import { setImmediate as turnOfEventLoop, setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { DeliverBurstInput, DeliverBurstResult } from '../domain/delivery';
import { claimUnattempted, deferChecks, findUnfinished, type UnfinishedMember } from '../store/notifications/claims';
import type { ActivityDeps } from './deps';
import { HandOn } from './hand-on';

/** How often members are looked up whose attempts are not under way in this process. */
const ROUND_MS = 250;
/**
 * How long a burst waits for first attempts. Members that have none by then get a workflow of their
 * own. The activity may take two minutes.
 */
const WAIT_MS = 90_000;
/**
 * How long members may wait for their workflows before the reconciler checks on them, in seconds.
 * The burst starts them one after the other, and runs again if it is lost.
 */
const HAND_ON_WITHIN_SECONDS = 50;

/**
 * Creates the activity `awaitBurst`. It awaits the first attempts of a burst, wherever they are
 * being made, makes those that nobody makes, and starts a workflow for each notification that needs
 * more than one attempt. It may run again, even in another process: records show which attempts
 * were made, and a workflow starts only once.
 */
export function createAwaitBurst(deps: ActivityDeps): (input: DeliverBurstInput) => Promise<DeliverBurstResult> {
  return async function awaitBurst({ notificationIds }) {
    const { info, cancellationSignal } = Context.current();
    const { workflowId = '' } = info.workflowExecution ?? {};
    const burst = new Burst(deps, workflowId, notificationIds);
    await burst.run(cancellationSignal);
    return { notifications: notificationIds.length, handedOn: burst.handedOn };
  };
}

/**
 * Each member is in one of these states:
 *
 * - HERE: this process has its first attempt under way. Delivered: DONE. Otherwise: ELSEWHERE.
 * - ELSEWHERE: looked up in Postgres every 250 ms, together with the others. Claimed by another
 *   process: stays. Unattempted and free: this process claims it: HERE. Failed, or not to be
 *   claimed: handed on to its own workflow, DONE. Delivered, closed, or taken over by its workflow:
 *   DONE.
 * - DONE.
 */
class Burst {
  private readonly open: Set<string>;
  private readonly here = new Set<string>();
  /** Members that were free and could not be claimed. */
  private readonly refused = new Set<string>();
  private readonly handOn: HandOn;
  private wake: () => void = () => undefined;

  constructor(
    private readonly deps: ActivityDeps,
    private readonly workflowId: string,
    notificationIds: readonly string[],
  ) {
    this.open = new Set(notificationIds);
    this.handOn = new HandOn(deps.paced, (notification) => deps.control.start(notification));
  }

  get handedOn(): number {
    return this.handOn.count;
  }

  async run(cancelled: AbortSignal): Promise<void> {
    const end = performance.now() + WAIT_MS;
    for (const id of this.open) this.follow(id);
    // Members that this process does not have under way are ELSEWHERE after this.
    await turnOfEventLoop();
    while (this.open.size > 0) {
      const late = performance.now() > end;
      await this.lookUp(late);
      if (late) break;
      await this.nextRound(cancelled);
    }
    await this.handOn.done();
  }

  /** Waits for a first attempt in this process. */
  private follow(id: string): void {
    this.here.add(id);
    void this.deps.headStarts.outcomeOf(id).then((outcome) => {
      this.here.delete(id);
      if (outcome?.kind === 'delivered') this.open.delete(id);
      if (this.here.size === 0) this.wake();
    });
  }

  /**
   * Resolves after 250 ms, or when no attempt is under way here and there may be nothing to wait
   * for.
   */
  private async nextRound(cancelled: AbortSignal): Promise<void> {
    if (this.open.size === 0) return;
    const stop = new AbortController();
    const ended = this.here.size > 0 && new Promise<void>((resolve) => (this.wake = resolve));
    const round = sleep(ROUND_MS, undefined, { signal: AbortSignal.any([cancelled, stop.signal]) });
    try {
      await Promise.race(ended ? [ended, round] : [round]);
    } finally {
      stop.abort();
      round.catch(() => undefined);
    }
  }

  /** @param late - whether to hand on whatever is not done */
  private async lookUp(late: boolean): Promise<void> {
    const { db, headStarts } = this.deps;
    const elsewhere = late ? [...this.open] : [...this.open].filter((id) => !this.here.has(id));
    if (elsewhere.length === 0) return;
    const unfinished = await findUnfinished(db, elsewhere, headStarts.processId);
    const found = new Set(unfinished.map(({ notificationId }) => notificationId));
    for (const id of elsewhere) if (!found.has(id)) this.open.delete(id);
    const toClaim: UnfinishedMember[] = [];
    const left: string[] = [];
    for (const member of unfinished) {
      const { notificationId: id, state } = member;
      if (late || state === 'failed' || (state === 'unattempted' && this.refused.has(id))) {
        this.passOn(member);
        left.push(id);
      } else if (state === 'claimed') continue;
      else if (headStarts.isUnderWay(id)) this.follow(id);
      else toClaim.push(member);
    }
    await deferChecks(db, left, HAND_ON_WITHIN_SECONDS);
    await this.claim(toClaim.map(({ notificationId }) => notificationId));
  }

  /** The workflow of a failed member first takes its outcome over, which needs no slot. */
  private passOn({ state, ...notification }: UnfinishedMember): void {
    this.open.delete(notification.notificationId);
    this.handOn.push(state === 'failed' ? { ...notification, lane: 'fast' } : notification);
  }

  /** Makes first attempts as head starts, which leave producers room. */
  private async claim(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { db, headStarts } = this.deps;
    const claimed = new Set(
      await headStarts.makeMissing(ids, this.workflowId, (free) => claimUnattempted(db, free, headStarts.processId)),
    );
    for (const id of ids) {
      if (claimed.has(id) || headStarts.isUnderWay(id)) this.follow(id);
      else this.refused.add(id);
    }
  }
}
