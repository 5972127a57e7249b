import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from './errors.js';
import { withId, type Events, type IdentifiedEvent, type NewEvent, type SendResult } from './events.js';
import { OutboxFiles, type EventFile } from './outbox-files.js';
import { lockDirectory, LockLostError, type DirectoryLock } from './outbox-lock.js';

/** Options of `signpost.openOutbox`. */
export interface OutboxOptions {
  /**
   * Directory of this outbox, created if it is missing. Only one process may use it at a time. Use
   * a local disk: a network file system may neither flush nor lock reliably.
   */
  directory: string;
  /** Called for each event that Signpost refused permanently, after it was stored in `refused/`. */
  onRefused?(event: object, problem: SignpostError): void;
  /**
   * Called after each failed attempt to send: Signpost is unreachable, refuses the credential or
   * limits the rate; a file is corrupt or the disk fails. The outbox keeps the events and tries
   * again. Also called with a {@link LockLostError}, after which the outbox has stopped.
   */
  onFault?(error: Error): void;
  /**
   * Wait before the next attempt to send, in milliseconds.
   * @default 1000
   */
  retryDelayMs?: number;
}

/** Most events in one file, and about as many in one request. */
const GROUP_SIZE = 200;
const DEFAULT_RETRY_DELAY_MS = 1000;
/** Client errors about the credential or the moment: the event stays in the outbox. */
const TEMPORARY = new Set([401, 403, 408, 429]);

interface PendingWrite {
  json: string;
  resolve(): void;
  reject(error: unknown): void;
}

interface PendingFlush {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Stores events on disk until Signpost has accepted them.
 *
 * An event is in one of these states:
 * - unwritten: in memory; `send` is pending. Concurrent `send`s are flushed to disk together.
 * - waiting: in a file, in the order of adding.
 * - sending: in a file that is in flight. A crash here leads to a second request, which Signpost
 *   recognises by the event's id.
 * - accepted: its file is deleted.
 * - refused: stored in `refused/` with the problem; its file is deleted.
 *
 * If this process was paused and another has taken over the directory, the outbox stops before it
 * sends, writes or deletes anything more: `send` and `flush` reject with a {@link LockLostError}.
 *
 * A file is deleted only when all its events are accepted or refused. After a crash, the next
 * process that opens the directory continues with the files it finds.
 *
 * @example
 * ```ts
 * const outbox = await signpost.openOutbox({
 *   directory: '/var/lib/payments/outbox',
 *   onRefused: (event, problem) => log.error({ event, problem }, 'event refused'),
 * });
 * const id = await outbox.send({ type: 'payment.confirmed.v1', customerId: 'customer1', data });
 * process.once('SIGTERM', () => void outbox.close());
 * ```
 */
export class Outbox<Types extends object> {
  private readonly unwritten: PendingWrite[] = [];
  private readonly closing = new AbortController();
  private writing: Promise<void> | undefined;
  private sending: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private flushes: PendingFlush[] = [];

  private constructor(
    private readonly options: OutboxOptions,
    private readonly events: Events<Types>,
    private readonly files: OutboxFiles,
    private readonly waiting: EventFile[],
    private readonly lock: DirectoryLock,
  ) {
    this.startSending();
  }

  /**
   * Called by `signpost.openOutbox`.
   *
   * @param eventsGuardedBy - returns a sender that calls `guard` before each request and retry
   * @throws Error if another running process uses the directory, or if it cannot be created
   */
  static async open<T extends object>(
    options: OutboxOptions,
    eventsGuardedBy: (guard: () => Promise<void>) => Events<T>,
  ): Promise<Outbox<T>> {
    await OutboxFiles.prepare(options.directory);
    const lock = await lockDirectory(options.directory);
    try {
      const { files, found } = await OutboxFiles.open(options.directory, lock.token);
      const events = eventsGuardedBy(() => lock.assertHeld());
      return new Outbox(options, events, files, found, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Number of events on disk that Signpost has neither accepted nor refused. */
  get size(): number {
    return this.waiting.reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * Adds an event. When this resolves, the event survives a crash of the process and of the
   * machine.
   *
   * An event without an id gets one, and the current time as its timestamp unless it has one. An
   * event with an id is stored unchanged: the same id with another timestamp would be a different
   * event.
   *
   * @returns the event's id
   * @throws Error if the event could not be written, or the outbox is closed
   */
  async send(event: NewEvent<Types>): Promise<string> {
    this.closing.signal.throwIfAborted();
    const stamped = event.id === undefined ? { timestamp: new Date(), ...event } : event;
    const identified = withId(stamped as { id?: string });
    const json = JSON.stringify(identified);
    await new Promise<void>((resolve, reject) => {
      this.unwritten.push({ json, resolve, reject });
      this.writing ??= this.write().finally(() => {
        this.writing = undefined;
        this.resolveFlushes();
      });
    });
    return identified.id;
  }

  /**
   * Waits until every event added so far is accepted or refused. Waits for as long as Signpost is
   * unreachable.
   *
   * @throws Error if the outbox is closed before that
   */
  async flush(): Promise<void> {
    this.closing.signal.throwIfAborted();
    if (!this.isEmpty()) await new Promise<void>((resolve, reject) => this.flushes.push({ resolve, reject }));
  }

  /**
   * Stops sending and releases the directory. Pending `send`s are still written to disk. Events
   * that were not sent stay there for the next process that opens the directory.
   */
  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  private async end(): Promise<void> {
    this.closing.abort(new Error('The outbox is closed; open it again to add events.'));
    await this.writing;
    await this.sending;
    for (const { reject } of this.flushes.splice(0)) reject(this.closing.signal.reason);
    await this.lock.release();
  }

  /** Stops after another process has taken over the directory. */
  private stop(error: LockLostError): void {
    if (this.closing.signal.aborted) return;
    this.closing.abort(error);
    for (const { reject } of this.flushes.splice(0)) reject(error);
    this.notify(() => this.options.onFault?.(error));
  }

  private isEmpty(): boolean {
    return this.waiting.length === 0 && this.unwritten.length === 0 && !this.writing;
  }

  private async write(): Promise<void> {
    while (this.unwritten.length > 0) {
      const group = this.unwritten.splice(0, GROUP_SIZE);
      try {
        await this.lock.assertHeld();
        const file = await this.files.add(group.map(({ json }) => json));
        // A process that took over in between does not know this file, so the caller must not rely
        // on it.
        await this.lock.assertHeld().catch(async (error: unknown) => {
          await this.files.remove(file);
          throw error;
        });
        this.waiting.push(file);
        for (const { resolve } of group) resolve();
      } catch (error) {
        if (error instanceof LockLostError) this.stop(error);
        for (const { reject } of group) reject(error);
      }
      this.startSending();
    }
  }

  private startSending(): void {
    if (this.closing.signal.aborted) return;
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
      if (this.waiting.length > 0) this.startSending();
      this.resolveFlushes();
    });
  }

  private resolveFlushes(): void {
    if (this.isEmpty()) for (const { resolve } of this.flushes.splice(0)) resolve();
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0 && !this.closing.signal.aborted) {
      try {
        await this.sendFirst();
      } catch (error) {
        const lost = lockLossIn(error);
        if (lost) this.stop(lost);
        if (this.closing.signal.aborted) return;
        this.notify(() => this.options.onFault?.(error as Error));
        const delayMs = this.options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS;
        await sleep(delayMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  /** Sends the oldest files, up to about one group of events, and removes them from the queue. */
  private async sendFirst(): Promise<void> {
    await this.lock.assertHeld();
    const batch: { file: EventFile; events: IdentifiedEvent<Types>[] }[] = [];
    for (let count = 0; batch.length < this.waiting.length && count < GROUP_SIZE;) {
      const file = this.waiting[batch.length]!;
      const events = await this.files.read(file);
      if (!events) {
        await this.files.moveCorrupt(file);
        this.waiting.splice(batch.length, 1);
        const fault = new Error(`${file.name} is not a JSON array of events with ids; it was moved to refused/.`);
        this.notify(() => this.options.onFault?.(fault));
        continue;
      }
      batch.push({ file, events: events as IdentifiedEvent<Types>[] });
      count += events.length;
    }
    const { signal } = this.closing;
    const results = await this.events.sendMany(
      batch.flatMap(({ events }) => events),
      { signal },
    );
    let from = 0;
    for (const { file, events } of batch) {
      await this.finish(file, events, results.slice(from, (from += events.length)));
      this.waiting.shift();
    }
  }

  /**
   * Deletes a file and stores its refused events. Does neither if an event must be sent again, so
   * that a refused event is stored only once.
   */
  private async finish(file: EventFile, events: readonly object[], results: readonly SendResult[]): Promise<void> {
    await this.lock.assertHeld();
    const problems = results.map((result) => (result instanceof SignpostError ? result : undefined));
    const temporary = problems.find((problem) => problem && !isPermanent(problem));
    if (temporary) throw temporary;
    for (const [index, problem] of problems.entries())
      if (problem) await this.files.storeRefused(events[index], problem);
    await this.files.remove(file);
    for (const [index, problem] of problems.entries())
      if (problem) this.notify(() => this.options.onRefused?.(events[index]!, problem));
  }

  /** An exception in a callback must not stop the outbox. */
  private notify(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      // A callback can throw anything; emitWarning accepts only strings and errors.
      process.emitWarning(`A callback of the outbox threw: ${String(error)}`);
    }
  }
}

/** `sendMany` wraps what the guard throws. */
function lockLossIn(error: unknown): LockLostError | undefined {
  return [error, (error as Error).cause].find((one) => one instanceof LockLostError);
}

function isPermanent({ status }: SignpostError): boolean {
  return status < 500 && !TEMPORARY.has(status);
}
