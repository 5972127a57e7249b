import { fork, type ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { TimeLimit } from '../process/time-limit';
import type { TransformMessage, TransformReply, TransformRequest, TransformTask } from './transform-child';

/** More is an error, also if the service itself runs at a low priority. */
const LOWEST_PRIORITY = 19;
export const TRANSFORM_MEMORY_MB = 64;
const START_TIMEOUT_MS = 10_000;
/**
 * How long after its time limit an evaluation may end by itself. A native call, such as padding a
 * string, cannot be interrupted.
 */
const KILL_AFTER_MS = 500;
/**
 * How long a process may take to be quiet after a reply. It prepares the next realm in that time.
 */
const QUIET_TIMEOUT_MS = 2000;

/**
 * Why a process ended instead of answering: it exceeded the time limit, ran out of memory, or ended
 * for another reason, such as a signal from outside.
 */
export type EvaluationEnd = 'time' | 'memory' | 'died';

export class EvaluationEndedError extends Error {
  override readonly name = 'EvaluationEndedError';

  constructor(readonly why: EvaluationEnd) {
    super(why);
  }
}

/** An evaluation under way. */
export interface Evaluation {
  /** @throws EvaluationEndedError */
  reply: Promise<TransformReply>;
  /** Whether the process is quiet again and may take another task. If not, it has ended. */
  reusable: Promise<boolean>;
}

/**
 * A child process that evaluates one expression at a time.
 *
 * States: starting → quiet → evaluating → settling (has replied, must prove to be quiet) → quiet.
 * From each of them → ended, by its own exit or by {@link end}.
 */
export class TransformProcess {
  /** @throws EvaluationEndedError if it does not start */
  readonly started: Promise<void>;
  private readonly child: ChildProcess;
  private lastId = 0;
  private ended = false;

  /**
   * @param niceness - as by nice(1): 0 for the priority of this process, more for less
   * @param onEnd - called once, however it ends
   */
  constructor(childFile: string, niceness: number, onEnd: () => void) {
    const library = require.resolve('jsonata');
    this.child = fork(childFile, [library], {
      execArgv: [
        `--max-old-space-size=${TRANSFORM_MEMORY_MB}`,
        // The default of Node 24 doubles the memory of a process and saves no time.
        '--max-semi-space-size=8',
        // The optimizing compiler costs more than it saves in realms that live for milliseconds.
        '--no-opt',
        // Rejections that an expression leaves behind concern nobody.
        '--unhandled-rejections=none',
        // No files, processes or workers, even for code that got out of its realm.
        PERMISSION_FLAG,
        `--allow-fs-read=${childFile}`,
        `--allow-fs-read=${library}`,
      ],
      // Ours holds the secrets of the service.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    if (this.child.pid !== undefined && niceness > 0)
      setPriority(this.child.pid, Math.min(LOWEST_PRIORITY, getPriority() + niceness));
    const onEndOnce = () => {
      if (!this.ended) onEnd();
      this.ended = true;
    };
    this.child.on('exit', onEndOnce).on('error', onEndOnce);
    this.started = this.message(0, isQuiet, START_TIMEOUT_MS).then(() => {
      // An idle child keeps nobody from ending.
      this.child.unref();
      this.child.channel?.unref();
    });
  }

  evaluate(task: TransformTask, timeoutMs: number): Evaluation {
    const id = ++this.lastId;
    const limitMs = timeoutMs + KILL_AFTER_MS;
    const reply = this.message(id, isReply, limitMs).then((message) => message.reply);
    const reusable = this.message(id, isQuiet, limitMs + QUIET_TIMEOUT_MS).then(
      () => true,
      () => false,
    );
    this.child.send({ id, task, timeoutMs } satisfies TransformRequest, () => undefined);
    return { reply, reusable };
  }

  end(): void {
    this.child.kill('SIGKILL');
  }

  /** The child's message of that id and kind. The child is ended if there is none in time. */
  private message<M extends TransformMessage>(
    id: number,
    isKind: (message: TransformMessage) => message is M,
    withinMs: number,
  ): Promise<M> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const settle = () => {
        limit.clear();
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
      };
      const fail = (why: EvaluationEnd) => {
        settle();
        reject(new EvaluationEndedError(why));
      };
      const onMessage = (message: TransformMessage) => {
        if (message.id !== id || !isKind(message)) return;
        settle();
        resolve(message);
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
        fail(signal === 'SIGABRT' || code === ABORTED ? 'memory' : 'died');
      const onError = () => fail('died');
      const limit = new TimeLimit(withinMs, () => {
        fail('time');
        this.end();
      });
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      if (this.ended) fail('died');
    });
  }
}

/** Exit code of an aborted process, as a shell reports it: Node aborts when its heap is full. */
const ABORTED = 134;

/** Its name until Node 22. */
const PERMISSION_FLAG = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

const isReply = (message: TransformMessage): message is TransformMessage & { reply: TransformReply } =>
  'reply' in message;
const isQuiet = (message: TransformMessage): message is TransformMessage & { quiet: true } => 'quiet' in message;
