import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DeliverOutcome } from '../../domain/delivery';
import type { AttemptRunner } from '../attempt-runner';
import { AttemptLeftError, type AttemptInput } from '../stages';
import { whileUnavailable } from './ask-again';
import { inputOf } from './attempt-input';
import { ClaimRelease } from './claim-release';
import { FirstAttempts, type Owner } from './first-attempts';
import type { HeadStartOptions } from './options';
import { HeadStartQueue, type HeadStart, type LeftReason, type Turn } from './head-start-queue';
import { DEFAULT_LIMITS, type HeadStartLimits } from './slots';
import { isTooLate } from './waiting-list';

export type { HeadStart } from './head-start-queue';
export type { HeadStartOptions } from './options';

/** A workflow waits this long for a head start before it needs a place in its lane. */
const PATIENCE_MS = 300;

/**
 * Makes head starts: the process that accepted a notification makes its first attempt while the
 * workflow is being started, so that the receiver does not wait for Temporal. The workflow owns the
 * outcome and all that follows. A crash loses nothing: the claim and the workflow outlive the
 * process.
 *
 * Each head start is QUEUED, SENDING, RECORDING, LEAVING or ENDED.
 *
 * In all but ENDED it is under way ({@link FirstAttempts}), so that nobody else in this process
 * makes or claims the attempt.
 *
 * ## QUEUED
 *
 * `begin` or `makeMissing` was called, and the head start waits in the {@link HeadStartQueue}.
 *
 * - Its turn comes: SENDING.
 * - It is in a burst, and a worker runs in this process: its claim is renewed every 6 s, for up to
 *   a minute. It keeps its place in the queue.
 * - Its claim is more than 9 s old: LEAVING. Its request might outlast the claim, and then the
 *   workflow would send too.
 * - Its subscription became slow, the queue is full, or `close` is called: LEAVING.
 *
 * ## SENDING
 *
 * The head start holds a slot: its attempt is admitted, prepared and sent.
 *
 * - Nothing more will be sent: the slot is released, RECORDING.
 * - The claim was lost, the subscription is slow, or the attempt was put off (no turn for its
 *   transform or under its rate limit) or cut off by a shutdown: the slot is released, LEAVING.
 * - Postgres is unavailable: the attempt asks again, as long as its claim is young enough.
 * - There is no attempt to make, or reading fails: the slot is released, ENDED.
 *
 * ## RECORDING
 *
 * The attempt is being recorded. It still counts against the concurrent head starts, but holds no
 * slot. While Postgres is unavailable, it stays in this state.
 *
 * - The attempt is recorded: ENDED, with its outcome.
 * - Postgres rejects the record: ENDED, without an outcome.
 *
 * ## LEAVING
 *
 * No attempt was made. The claim is being released, so that the workflow makes it.
 *
 * - The claim is released, or that failed: ENDED, without an outcome.
 *
 * ## ENDED
 *
 * The process may make the attempt again if Postgres says that there was none. The outcome is kept
 * for the workflow.
 */
export class HeadStarts {
  private readonly first = new FirstAttempts();
  private readonly queue: HeadStartQueue;
  private readonly leaving: ClaimRelease;
  private running = 0;
  private readonly limits: HeadStartLimits;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly options: HeadStartOptions,
    private readonly runAttempt: AttemptRunner,
    private readonly log: Logger,
  ) {
    this.limits = options.limits ?? DEFAULT_LIMITS;
    this.queue = new HeadStartQueue({
      limits: this.limits,
      onLeft: ({ notificationId }, reason) => this.leave(notificationId, reason),
      onSweep: () => this.pump(),
      renewClaims: options.keepOutcomes ? options.renewClaims : undefined,
      log,
    });
    this.leaving = new ClaimRelease(
      options.releaseClaims,
      (notificationId) => this.first.end(notificationId, undefined),
      log,
    );
  }

  get processId(): string {
    return this.options.processId;
  }

  /** Number of head starts that wait for a slot. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Payloads of head starts that wait, in characters. */
  get waitingBytes(): number {
    return this.queue.payloadBytes;
  }

  /** Number of slots in use. */
  get sending(): number {
    return this.queue.slotsInUse;
  }

  /** Whether this process has the first attempt of a notification under way. */
  isUnderWay(notificationId: string): boolean {
    return this.first.has(notificationId);
  }

  /**
   * Queues head starts that this process has claimed, and makes them in the background. One that is
   * under way already is left alone.
   */
  begin(headStarts: readonly HeadStart[]): void {
    if (headStarts.some(({ accepted }) => accepted)) this.queue.noteAccept();
    this.enqueue(
      headStarts.filter(({ notificationId, customerId, subscriptionId }) =>
        this.first.reserve(notificationId, { customerId, subscriptionId }),
      ),
    );
  }

  /**
   * Claims first attempts that this process does not have under way, and makes them as head starts.
   *
   * @param claim - claims those that nobody else has a claim on
   * @returns the ids of those that it makes
   */
  async makeMissing(
    notificationIds: readonly string[],
    workflowId: string,
    claim: (notificationIds: string[]) => Promise<Omit<HeadStart, 'workflowId' | 'claimedAt'>[]>,
  ): Promise<string[]> {
    const reserved = notificationIds.filter((id) => this.first.reserve(id));
    if (reserved.length === 0) return [];
    const claimedAt = performance.now();
    const claimed = new Set<string>();
    try {
      const found = await claim(reserved);
      for (const { notificationId } of found) claimed.add(notificationId);
      this.enqueue(found.map((notification) => ({ ...notification, workflowId, claimedAt })));
    } finally {
      for (const id of reserved) if (!claimed.has(id)) this.first.end(id, undefined);
    }
    return [...claimed];
  }

  /**
   * Runs a workflow's own first attempt, once none is under way.
   *
   * @param trigger - `scheduled`: a head start that was delivered is the attempt
   * @param waitLonger - asked when a head start hangs: an outcome ends the wait, so that the head
   *   starts of one customer do not occupy all the slots of workflows
   */
  async takeTurn(
    notificationId: string,
    trigger: 'scheduled' | 'manual',
    make: () => Promise<DeliverOutcome>,
    waitLonger: (owner: Owner) => DeliverOutcome | undefined,
  ): Promise<DeliverOutcome> {
    do {
      const owner = this.first.ownerOf(notificationId);
      const instead = owner && !(await this.first.endsWithin(notificationId, PATIENCE_MS)) && waitLonger(owner);
      if (instead) return instead;
      const outcome = await this.first.outcomeOf(notificationId);
      // A failed head start is handed over in Postgres, so it is read from there. So is the result
      // of one that was delivered before a person asked for another delivery.
      if (outcome?.kind === 'delivered' && trigger === 'scheduled') return outcome;
    } while (!this.first.reserve(notificationId));
    let outcome: DeliverOutcome | undefined;
    try {
      return (outcome = await make());
    } finally {
      this.first.end(notificationId, outcome);
    }
  }

  /**
   * Waits for the outcome of a first attempt that is under way.
   *
   * @returns undefined if this process made none, or could not record it
   */
  outcomeOf(notificationId: string): Promise<DeliverOutcome | undefined> {
    return this.first.outcomeOf(notificationId);
  }

  /**
   * Resolves when the workflow has asked for the outcome, or after 2 s. Resolves immediately if
   * there is no head start.
   */
  whenTakenOver(notificationId: string): Promise<void> {
    return this.first.whenTakenOver(notificationId);
  }

  /**
   * Leaves queued head starts to their workflows and waits for those that are sending or recording.
   * Claims on attempts that are not over in time are released: the process is about to exit.
   *
   * @param graceMs - maximum wait
   * @returns whether all are over
   */
  async close(graceMs: number): Promise<boolean> {
    this.closed = true;
    this.leaving.stop();
    this.queue.close();
    const ended = this.running === 0 ? undefined : new Promise<void>((resolve) => this.idle.push(resolve));
    const giveUp = new AbortController();
    const timeout = sleep(graceMs, false, { signal: giveUp.signal }).catch(() => false);
    const isOver = await Promise.race([Promise.all([ended, this.leaving.done()]).then(() => true), timeout]);
    giveUp.abort();
    const cut = isOver ? [] : this.first.ids;
    if (cut.length > 0) await this.options.releaseClaims?.(cut, true);
    return isOver;
  }

  private enqueue(headStarts: readonly HeadStart[]): void {
    for (const headStart of headStarts) {
      if (this.closed) this.leave(headStart.notificationId, 'stopped');
      else this.queue.push(headStart);
    }
    this.pump();
  }

  private pump(): void {
    // Read once: the starts below make the event loop late themselves.
    const { isLate } = this.queue;
    while (this.running < this.limits.total) {
      const turn = this.queue.take(isLate);
      if (!turn) return;
      void this.run(turn);
    }
  }

  private async run(turn: Turn): Promise<void> {
    const { headStart, slot } = turn;
    this.running += 1;
    this.queue.noteRunning(true);
    const outcome = await this.attempt(turn);
    slot.release();
    this.running -= 1;
    if (outcome !== 'left') this.first.end(headStart.notificationId, outcome, this.options.keepOutcomes);
    if (this.running === 0) {
      this.queue.noteRunning(false);
      for (const resolve of this.idle.splice(0)) resolve();
    }
    this.pump();
  }

  private async attempt(turn: Turn): Promise<DeliverOutcome | 'left' | undefined> {
    const { headStart, slot } = turn;
    const { notificationId } = headStart;
    try {
      const attempt: AttemptInput = {
        ...inputOf(turn, this.processId),
        onSlow: () => this.queue.leaveSubscription(headStart),
        onSent: () => {
          slot.release();
          this.pump();
        },
      };
      const outcome = await whileUnavailable(
        () => this.runAttempt(attempt),
        () => !this.closed && !isTooLate(headStart),
      );
      // The claim would keep other processes from making an attempt that was put off.
      return outcome.kind === 'throttled' ? this.leave(notificationId, 'postponed') : outcome;
    } catch (error) {
      if (error instanceof AttemptLeftError) return this.leave(notificationId, error.reason);
      this.log.warn(
        { err: error, notificationId },
        'a head start failed or could not be recorded; its workflow makes the attempt',
      );
      return undefined;
    }
  }

  /** Leaves an attempt to its workflow. */
  private leave(notificationId: string, reason: LeftReason): 'left' {
    this.options.onLeft?.(reason);
    this.leaving.add(notificationId);
    return 'left';
  }
}
