import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from './errors.js';
import { named, type Events, type NamedEvent, type NewEvent, type SendResult } from './events.js';
import { OutboxFiles, type EventFile } from './outbox-files.js';
import { lockDirectory } from './outbox-lock.js';

export interface OutboxOptions {
  /** Of this process alone; made where it is missing. On a disk of the machine, not on the network. */
  directory: string;
  /** Told when an event was refused for good; it lies in `refused/` then, beside its problem. */
  onRefused?(event: object, problem: SignpostError): void;
  /** Told what holds the outbox up, each time it is tried: Signpost is away, or does not take the credential; or what of its files was spoiled. */
  onFault?(error: Error): void;
  /** Wait between tries while Signpost cannot be reached, in milliseconds. @default 1000 */
  retryDelayMs?: number;
}

/** Events that are written, and sent, together. */
const GROUP = 200;
const DEFAULT_RETRY_DELAY_MS = 1000;
/** Answers that say nothing about the event, but about the moment or the credential: it stays in the outbox. */
const NOT_THE_EVENTS = new Set([401, 403, 408, 429]);

interface Adding {
  json: string;
  done(): void;
  failed(error: unknown): void;
}

/**
 * Events on disk until Signpost has them. Those that are added at the same time are flushed to disk together; they are sent in the order of adding, and
 * removed once accepted. After a crash the next process goes on: an event may be sent twice then, and its id has Signpost take it once.
 */
export class Outbox<Types extends object> {
  private readonly adding: Adding[] = [];
  private readonly closing = new AbortController();
  private writing: Promise<void> | undefined;
  private sending: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private flushing: { done(): void; failed(error: unknown): void }[] = [];

  private constructor(
    private readonly options: OutboxOptions,
    private readonly events: Events<Types>,
    private readonly files: OutboxFiles,
    private readonly waiting: EventFile[],
    private readonly unlock: () => Promise<void>,
  ) {
    this.startSending();
  }

  /** @throws Error where another process has the directory */
  static async open<T extends object>(options: OutboxOptions, events: Events<T>): Promise<Outbox<T>> {
    await OutboxFiles.prepare(options.directory);
    const unlock = await lockDirectory(options.directory);
    try {
      const { files, found } = await OutboxFiles.open(options.directory);
      return new Outbox(options, events, files, found, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Events that are on disk and not sent yet. */
  get size(): number {
    return this.waiting.reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * Adds an event; it survives the process and the machine once this resolves. One without an id gets one, and the time of this moment. One with an id of
   * its own is kept as it is: the same id with another time would be another event.
   *
   * @returns its id
   * @throws Error where it could not be written, or the outbox is closed
   */
  async send(event: NewEvent<Types>): Promise<string> {
    this.closing.signal.throwIfAborted();
    const stamped = event.id === undefined ? { timestamp: new Date(), ...event } : event;
    const withId = named(stamped as { id?: string });
    const json = JSON.stringify(withId);
    await new Promise<void>((done, failed) => {
      this.adding.push({ json, done, failed });
      this.writing ??= this.write().finally(() => {
        this.writing = undefined;
        this.tellFlushed();
      });
    });
    return withId.id;
  }

  /** Resolves when all that was added is sent or refused. @throws Error where the outbox is closed before */
  async flush(): Promise<void> {
    this.closing.signal.throwIfAborted();
    if (!this.isEmpty()) await new Promise<void>((done, failed) => this.flushing.push({ done, failed }));
  }

  /** Stops sending; what is left is sent by the next process that opens the directory. What is being added is still written. */
  close(): Promise<void> {
    return (this.closed ??= this.end());
  }

  private async end(): Promise<void> {
    const reason = new Error('The outbox is closed.');
    this.closing.abort(reason);
    await this.writing;
    await this.sending;
    for (const { failed } of this.flushing.splice(0)) failed(reason);
    await this.unlock();
  }

  private isEmpty(): boolean {
    return this.waiting.length === 0 && this.adding.length === 0 && !this.writing;
  }

  private async write(): Promise<void> {
    while (this.adding.length > 0) {
      const group = this.adding.splice(0, GROUP);
      try {
        this.waiting.push(await this.files.add(group.map(({ json }) => json)));
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
      this.startSending();
    }
  }

  private startSending(): void {
    if (this.closing.signal.aborted) return;
    this.sending ??= this.drain().finally(() => {
      this.sending = undefined;
      if (this.waiting.length > 0) this.startSending();
      this.tellFlushed();
    });
  }

  private tellFlushed(): void {
    if (this.isEmpty()) for (const { done } of this.flushing.splice(0)) done();
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0 && !this.closing.signal.aborted) {
      try {
        await this.sendFirst();
      } catch (error) {
        if (this.closing.signal.aborted) return;
        this.tell(() => this.options.onFault?.(error as Error));
        const delayMs = this.options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS;
        await sleep(delayMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  /** Sends the first files; those that were taken, and what never will be, are out of the way when this resolves. */
  private async sendFirst(): Promise<void> {
    const read: { file: EventFile; events: NamedEvent<Types>[] }[] = [];
    for (let count = 0; read.length < this.waiting.length && count < GROUP;) {
      const file = this.waiting[read.length]!;
      const events = await this.files.read(file);
      if (!events) {
        await this.files.setFileAside(file);
        this.waiting.splice(read.length, 1);
        this.tell(() => this.options.onFault?.(new Error(`${file.name} holds no events; it was put into refused/.`)));
        continue;
      }
      read.push({ file, events: events as NamedEvent<Types>[] });
      count += events.length;
    }
    const { signal } = this.closing;
    const results = await this.events.sendMany(
      read.flatMap(({ events }) => events),
      { signal },
    );
    let from = 0;
    for (const { file, events } of read) {
      await this.settle(file, events, results.slice(from, (from += events.length)));
      this.waiting.shift();
    }
  }

  /** A file goes when nothing in it has to be sent again, so that what is refused is set aside once. */
  private async settle(file: EventFile, events: readonly object[], results: readonly SendResult[]): Promise<void> {
    const problems = results.map((result) => (result instanceof SignpostError ? result : undefined));
    const passing = problems.find((problem) => problem && !isForGood(problem));
    if (passing) throw passing;
    for (const [index, problem] of problems.entries()) if (problem) await this.files.setAside(events[index], problem);
    await this.files.remove(file);
    for (const [index, problem] of problems.entries())
      if (problem) this.tell(() => this.options.onRefused?.(events[index]!, problem));
  }

  /** What the caller does with what it is told must not stop the outbox. */
  private tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      // Anything can be thrown; a text is all that this takes without throwing in turn.
      process.emitWarning(`A callback of the outbox failed: ${String(error)}`);
    }
  }
}

function isForGood({ status }: SignpostError): boolean {
  return status < 500 && !NOT_THE_EVENTS.has(status);
}
