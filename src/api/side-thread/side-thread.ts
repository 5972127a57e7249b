import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { FairBound } from '../../domain/fair-bound';
import { FairQueue } from '../../domain/fair-queue';
import { Problem } from '../../domain/problems';
import type { SideThreadMetrics } from '../../process/bound-metrics';
import { TimeLimit } from '../../process/time-limit';
import { problemOf, type JobKind, type Jobs } from './jobs';
import type { JobReply, JobRequest } from './program';

/** Jobs that may wait. One tenant may have half of what the others leave free. */
const MAX_WAITING = 500;
/** How long a job may wait for its turn. */
const TURN_TIMEOUT_MS = 5000;
/** Far longer than any job takes, because each is bounded. */
const JOB_TIMEOUT_MS = 15_000;
const RETRY_AFTER_SECONDS = 2;
/** A batch of the largest size, parsed and copied, takes less than half of it. */
const HEAP_MB = 512;

export interface SideThreadOptions {
  metrics: SideThreadMetrics;
  /** The compiled program. */
  file?: string;
  /** @default 500 */
  maxWaiting?: number;
}

interface Waiting {
  tenant: string;
  request: JobRequest;
  limit?: TimeLimit;
  settled: boolean;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * A thread for what would keep the event loop, and so the requests of all tenants, waiting: parsing
 * large bodies, and validating against costly schemas. Tenants take turns.
 *
 * States of the thread: ABSENT (the first job starts it) → IDLE → BUSY with one job → IDLE. From
 * IDLE and BUSY → ABSENT, if the thread ends by itself or a job exceeds its time.
 */
export class SideThread {
  private readonly queue = new FairQueue<Waiting>();
  private readonly held: FairBound;
  private thread: Worker | undefined;
  private current: Waiting | undefined;
  private closed = false;

  constructor(private readonly options: SideThreadOptions) {
    this.held = new FairBound(options.maxWaiting ?? MAX_WAITING);
  }

  /**
   * Does a job in the tenant's turn.
   *
   * @throws Problem what the job throws; too-many-requests if there was no turn
   */
  run<Kind extends JobKind>(tenant: string, kind: Kind, task: Jobs[Kind]['task']): Promise<Jobs[Kind]['result']> {
    return new Promise((resolve, reject) => {
      const job: Waiting = { tenant, request: { kind, task }, settled: false, resolve: resolve as never, reject };
      if (this.closed || !this.held.hasRoom(tenant, 1)) return reject(this.refusal(kind));
      this.held.take(tenant, 1);
      job.limit = new TimeLimit(TURN_TIMEOUT_MS, () => this.settle(job, () => reject(this.refusal(kind))));
      this.queue.push(tenant, job);
      this.next();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const job of this.queue.drain()) this.settle(job, () => job.reject(this.refusal(job.request.kind)));
    await this.thread?.terminate();
  }

  private next(): void {
    while (!this.current && !this.closed) {
      const job = this.queue.take();
      if (!job) break;
      if (!job.settled) this.give(job);
    }
    this.report();
  }

  private give(job: Waiting): void {
    job.limit?.clear();
    this.current = job;
    const thread = (this.thread ??= this.start());
    job.limit = new TimeLimit(JOB_TIMEOUT_MS, () => void thread.terminate());
    thread.ref();
    thread.postMessage(job.request);
  }

  private start(): Worker {
    const thread = new Worker(this.options.file ?? path.join(__dirname, 'program.js'), {
      // The configuration, with its secrets, is of no use there.
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    let failure: Error | undefined;
    thread.on('message', (reply: JobReply) => this.finish((job) => answer(job, reply)));
    thread.on('error', (error) => (failure = error));
    thread.on('exit', () => {
      this.thread = undefined;
      this.finish((job) => job.reject(failure ?? new Error('the side thread ended')));
    });
    return thread;
  }

  /** Ends the turn of the current job. */
  private finish(outcome: (job: Waiting) => void): void {
    const job = this.current;
    this.current = undefined;
    this.thread?.unref();
    if (job) this.settle(job, () => outcome(job));
    this.next();
  }

  private settle(job: Waiting, outcome: () => void): void {
    if (job.settled) return;
    job.settled = true;
    job.limit?.clear();
    this.held.giveBack(job.tenant, 1);
    outcome();
    this.report();
  }

  private refusal(kind: JobKind): Problem {
    this.options.metrics.sideThreadRefused.inc({ kind });
    return new Problem(
      'too-many-requests',
      'Too many large requests of this tenant wait to be read. Nothing in this request was accepted; retry later.',
      { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } },
    );
  }

  private report(): void {
    const busy = this.current ? 1 : 0;
    this.options.metrics.sideThreadBusy.set(busy);
    this.options.metrics.sideThreadWaiting.set(Math.max(0, this.held.inUse - busy));
  }
}

function answer(job: Waiting, reply: JobReply): void {
  if ('result' in reply) job.resolve(reply.result);
  else job.reject('problem' in reply ? problemOf(reply.problem) : new Error(reply.error));
}
