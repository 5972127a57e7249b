import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { TransformReply, TransformTask } from './transform-child';

/** Time that an expression may take. What keeps to no guard, as a regular expression may not, has its process ended a little later. */
export const TRANSFORM_TIMEOUT_MS = 500;
export const TRANSFORM_MEMORY_MB = 64;
const PROCESSES = 2;
const START_TIMEOUT_MS = 10_000;

/** The process of an evaluation was ended, or ended itself. */
export class EvaluationEndedError extends Error {
  override readonly name = 'EvaluationEndedError';

  constructor(readonly why: 'time' | 'memory' | 'closed' | 'start') {
    super(why);
  }
}

interface Job {
  task: TransformTask;
  resolve(reply: TransformReply): void;
  reject(error: Error): void;
}

/**
 * Evaluates expressions in processes of their own. A thread would not do: one that runs out of memory by a single large allocation takes the whole
 * process with it. Processes are started when they are first needed and used again; one that is over time or memory is replaced.
 */
export class TransformPool {
  /** Jobs by owner; the owner at the front is next, and goes to the back with what is left. */
  private readonly waiting = new Map<string, Job[]>();
  private readonly running = new Set<string>();
  private readonly idle: ChildProcess[] = [];
  private readonly children = new Set<ChildProcess>();
  private closed = false;

  /**
   * @param childFile - the compiled transform-child
   * @param timeoutMs - of an expression; tests of other limits have more patience
   */
  constructor(
    private readonly childFile = path.join(__dirname, 'transform-child.js'),
    private readonly timeoutMs = TRANSFORM_TIMEOUT_MS,
  ) {}

  /** One at a time for each owner, so that nobody's slow expressions take all processes. @throws EvaluationEndedError */
  run(task: Omit<TransformTask, 'timeoutMs'>): Promise<TransformReply> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new EvaluationEndedError('closed'));
      const job = { task: { ...task, timeoutMs: this.timeoutMs }, resolve, reject };
      this.waiting.set(task.owner, [...(this.waiting.get(task.owner) ?? []), job]);
      this.next();
    });
  }

  close(): void {
    this.closed = true;
    for (const jobs of this.waiting.values()) for (const { reject } of jobs) reject(new EvaluationEndedError('closed'));
    this.waiting.clear();
    for (const child of this.children) child.kill('SIGKILL');
  }

  private next(): void {
    for (const [owner, [job, ...rest]] of this.waiting) {
      if (this.running.size >= PROCESSES) return;
      if (!job || this.running.has(owner)) continue;
      this.waiting.delete(owner);
      if (rest.length > 0) this.waiting.set(owner, rest);
      this.running.add(owner);
      void this.evaluate(job.task)
        .then(job.resolve, job.reject)
        .finally(() => {
          this.running.delete(owner);
          this.next();
        });
    }
  }

  private async evaluate(task: TransformTask): Promise<TransformReply> {
    const child = this.idle.pop() ?? (await this.start());
    const reply = await answerOf<TransformReply>(child, 2 * this.timeoutMs, () => child.send(task));
    if (!this.closed) this.idle.push(child);
    return reply;
  }

  private async start(): Promise<ChildProcess> {
    const child = fork(this.childFile, [require.resolve('jsonata')], {
      execArgv: [`--max-old-space-size=${TRANSFORM_MEMORY_MB}`],
      // Nothing of ours, least of all a secret.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.children.add(child);
    child.once('exit', () => {
      this.children.delete(child);
      const place = this.idle.indexOf(child);
      if (place >= 0) this.idle.splice(place, 1);
    });
    await answerOf(child, START_TIMEOUT_MS, () => undefined, 'start');
    // An idle child keeps nobody from ending.
    child.unref();
    child.channel?.unref();
    return child;
  }
}

/** The next message of a child; it is ended where none comes in time. */
function answerOf<T>(
  child: ChildProcess,
  withinMs: number,
  ask: () => void,
  why: 'start' | 'time' = 'time',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new EvaluationEndedError(why)), 'SIGKILL'), withinMs);
    const onMessage = (message: unknown) => settle(() => resolve(message as T));
    const onEnd = () => settle(() => reject(new EvaluationEndedError(why === 'start' ? 'start' : 'memory')));
    function settle(outcome: () => void, signal?: NodeJS.Signals) {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onEnd).off('error', onEnd);
      if (signal) child.kill(signal);
      outcome();
    }
    child.on('message', onMessage).on('exit', onEnd).on('error', onEnd);
    ask();
  });
}
