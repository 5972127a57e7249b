import path from 'node:path';
import type { Logger } from 'pino';
import { ComposerBusyError, type EvaluationOwner } from '../domain/composing';
import { SharedPlaces } from './shared-places';
import type { TransformReply, TransformTask } from './transform-child';
import { EvaluationEndedError, TransformProcess, type EvaluationEnd } from './transform-process';

/** Time limit of an evaluation. */
export const TRANSFORM_TIMEOUT_MS = 500;
/** How long an evaluation may wait for a process. */
export const TURN_TIMEOUT_MS = 2000;
/** Text that one place in the queue may hold; a longer task takes several places. */
const CHARACTERS_PER_PLACE = 64 * 1024;

/** What a pool is used for: deliveries, or dry runs and checks of expressions. */
export type TransformKind = 'delivery' | 'dry-run';

/**
 * Where the processors are busy, this process comes first, because everybody's events go through
 * it; then the transforms of deliveries.
 */
const NICENESS: Readonly<Record<TransformKind, number>> = { delivery: 5, 'dry-run': 10 };

/** What a pool reports, by its kind. */
export interface TransformMetrics {
  transformsInUse: { set(labels: { kind: TransformKind }, value: number): void };
  transformsWaiting: { set(labels: { kind: TransformKind }, value: number): void };
  transformsRefused: { inc(labels: { kind: TransformKind }): void };
}

export interface TransformPoolOptions {
  kind: TransformKind;
  processes: number;
  /** Evaluations that may wait; each with up to 64 KiB of data, or in the place of several. */
  maxWaiting: number;
  metrics: TransformMetrics;
  log: Logger;
  /** The compiled transform-child. */
  childFile?: string;
  /** Tests of other limits use a longer one. @default TRANSFORM_TIMEOUT_MS */
  timeoutMs?: number;
}

interface Job {
  task: TransformTask;
  owner: EvaluationOwner;
  places: number;
  /** By `performance.now()`. */
  until: number;
  turnTimer?: NodeJS.Timeout;
  /** Set once it has been answered or refused. */
  settled: boolean;
  resolve(reply: TransformReply): void;
  reject(error: Error): void;
}

/**
 * Evaluates expressions in child processes. A thread would not do: one that runs out of memory by a
 * single large allocation takes the whole process with it. Processes are started when they are
 * first needed and used again once they are quiet.
 *
 * Customers take turns, by the time that they have used.
 */
export class TransformPool {
  readonly timeoutMs: number;
  private readonly childFile: string;
  private readonly places: SharedPlaces<Job>;
  private readonly idle: TransformProcess[] = [];
  private readonly processes = new Set<TransformProcess>();
  private closed = false;

  constructor(private readonly options: TransformPoolOptions) {
    this.timeoutMs = options.timeoutMs ?? TRANSFORM_TIMEOUT_MS;
    this.childFile = options.childFile ?? path.join(__dirname, 'transform-child.js');
    this.places = new SharedPlaces(options.processes, options.maxWaiting);
  }

  /**
   * @param withinMs - time for waiting and evaluating together
   * @throws ComposerBusyError if there was no turn: the queue is full, or the wait too long
   * @throws EvaluationEndedError
   */
  run(task: TransformTask, owner: EvaluationOwner, withinMs: number): Promise<TransformReply> {
    return new Promise((resolve, reject) => {
      const places = Math.max(1, Math.ceil(charactersOf(task) / CHARACTERS_PER_PLACE));
      const until = performance.now() + withinMs;
      const job: Job = { task, owner, places, until, settled: false, resolve, reject };
      if (this.closed) return this.refuse(job);
      this.refuseAfter(job, Math.min(TURN_TIMEOUT_MS, this.beforeEvaluationMs(withinMs)));
      for (const refused of this.places.push(job)) this.refuse(refused);
      this.next();
    });
  }

  close(): void {
    this.closed = true;
    for (const job of this.places.drain()) this.refuse(job);
    for (const process of this.processes) process.end();
    this.report();
  }

  /** Leaves the time limit of an evaluation for the evaluation, or half of what is left. */
  private beforeEvaluationMs(withinMs: number): number {
    return Math.max(withinMs - this.timeoutMs, withinMs / 2);
  }

  /** @param waitMs - replaces the time given before */
  private refuseAfter(job: Job, waitMs: number): void {
    clearTimeout(job.turnTimer);
    job.turnTimer = setTimeout(() => {
      this.places.remove(job);
      this.refuse(job);
      this.report();
    }, waitMs);
  }

  private refuse(job: Job): void {
    settle(job, () => {
      this.options.metrics.transformsRefused.inc({ kind: this.options.kind });
      job.reject(new ComposerBusyError());
    });
  }

  private next(): void {
    while (!this.closed) {
      const job = this.places.take();
      if (!job) break;
      void this.give(job);
    }
    this.report();
  }

  /**
   * Gives a job its turn. It ends when the process may be used again, which can be after the reply.
   */
  private async give(job: Job): Promise<void> {
    try {
      let end = await this.evaluate(job);
      // Something else may have ended the process, such as the kernel when the machine is short of
      // memory.
      if (end === 'died' && !this.closed) end = await this.evaluate(job);
      if (end && this.closed) this.refuse(job);
      else if (end) settle(job, () => job.reject(new EvaluationEndedError(end)));
    } finally {
      this.places.free(job.owner.customer);
      this.next();
    }
  }

  /** @returns why the process ended instead of replying */
  private async evaluate(job: Job): Promise<EvaluationEnd | undefined> {
    // It has its turn: a process that starts slowly, as on a busy machine, gets the rest of the
    // time.
    if (this.idle.length === 0) this.refuseAfter(job, this.beforeEvaluationMs(job.until - performance.now()));
    const process = await this.obtain();
    // It may have been refused while the process was starting.
    if (!process || job.settled) {
      this.refuse(job);
      if (process) this.idle.push(process);
      return undefined;
    }
    clearTimeout(job.turnTimer);
    const leftMs = Math.max(1, Math.floor(Math.min(this.timeoutMs, job.until - performance.now())));
    const since = performance.now();
    const { reply, reusable } = process.evaluate(job.task, leftMs);
    const end = await reply.then(
      (answer) => settle(job, () => job.resolve(answer)),
      (error: EvaluationEndedError) => error.why,
    );
    const isReusable = await reusable;
    // A new process takes time to start.
    this.places.charge(job.owner.customer, performance.now() - since, !isReusable);
    if (isReusable) this.idle.push(process);
    return end;
  }

  /** An idle process, or a new one; `undefined` if none can be started. */
  private async obtain(): Promise<TransformProcess | undefined> {
    const idle = this.idle.pop();
    if (idle) return idle;
    const started = new TransformProcess(this.childFile, NICENESS[this.options.kind], () => this.forget(started));
    this.processes.add(started);
    try {
      await started.started;
      return started;
    } catch (error) {
      if (!this.closed) this.options.log.warn({ err: error }, 'a process for transforms did not start');
      return undefined;
    }
  }

  private forget(process: TransformProcess): void {
    this.processes.delete(process);
    const place = this.idle.indexOf(process);
    if (place >= 0) this.idle.splice(place, 1);
  }

  private report(): void {
    const { kind, metrics } = this.options;
    metrics.transformsInUse.set({ kind }, this.places.inUse);
    metrics.transformsWaiting.set({ kind }, this.places.waiting);
  }
}

/** Answers a job, once. */
function settle(job: Job, answer: () => void): undefined {
  if (job.settled) return;
  job.settled = true;
  clearTimeout(job.turnTimer);
  answer();
}

function charactersOf(task: TransformTask): number {
  if (task.kind === 'parse') return task.expressions.join('').length;
  return task.expression.length + Object.values(task.variables).join('').length;
}
