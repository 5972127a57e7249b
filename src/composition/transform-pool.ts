import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { TransformReply, TransformTask } from './transform-child';

/**
 * Timeout of an expression. If JSONata cannot enforce it, for example in a regular expression, the
 * process is killed after twice this time.
 */
export const TRANSFORM_TIMEOUT_MS = 500;
export const TRANSFORM_MEMORY_MB = 64;
const PROCESSES = 2;
const START_TIMEOUT_MS = 10_000;

/** The process that evaluated an expression was killed or ended. */
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
 * Evaluates expressions in child processes. Threads are not enough: a thread that runs out of
 * memory by a single large allocation ends the whole process. Children are started on demand and
 * reused. One that exceeds its time or memory is replaced.
 */
export class TransformPool {
  /** Jobs by owner. The first owner is next, and goes to the end with its remaining jobs. */
  private readonly waiting = new Map<string, Job[]>();
  private readonly running = new Set<string>();
  private readonly idle: ChildProcess[] = [];
  private readonly children = new Set<ChildProcess>();
  private closed = false;

  /**
   * @param childFile - path of the compiled transform-child
   * @param timeoutMs - timeout of an expression; longer in tests of other limits
   */
  constructor(
    private readonly childFile = path.join(__dirname, 'transform-child.js'),
    private readonly timeoutMs = TRANSFORM_TIMEOUT_MS,
  ) {}

  /**
   * Runs one task per owner at a time, so that no owner's slow expressions take all processes.
   *
   * @throws EvaluationEndedError
   */
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
    const reply = await nextMessage<TransformReply>(child, 2 * this.timeoutMs, () => child.send(task));
    if (!this.closed) this.idle.push(child);
    return reply;
  }

  private async start(): Promise<ChildProcess> {
    const child = fork(this.childFile, [require.resolve('jsonata')], {
      execArgv: [`--max-old-space-size=${TRANSFORM_MEMORY_MB}`],
      // No environment variables, which contain secrets.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.children.add(child);
    child.once('exit', () => {
      this.children.delete(child);
      const index = this.idle.indexOf(child);
      if (index >= 0) this.idle.splice(index, 1);
    });
    await nextMessage(child, START_TIMEOUT_MS, () => undefined, 'start');
    // An idle child must not keep this process running.
    child.unref();
    child.channel?.unref();
    return child;
  }
}

/** Waits for the next message of a child, which is killed if there is none in time. */
function nextMessage<T>(
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
