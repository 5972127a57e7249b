import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from './errors.js';
import { named, type Events, type NewEvent } from './events.js';
import { lockDirectory } from './outbox-lock.js';

export interface OutboxOptions {
  /** Of this process alone; made where it is missing. */
  directory: string;
  /** Told when an event was refused for good; it lies in `refused/` then, beside its problem. */
  onRefused?(event: object, problem: SignpostError): void;
  /** Wait between tries while Signpost cannot be reached, in milliseconds. @default 1000 */
  retryDelayMs?: number;
}

const BATCH = 200;
const DEFAULT_RETRY_DELAY_MS = 1000;
const SUFFIX = '.json';
/** Answers that say nothing about the event, but about the moment or the credential: it stays in the outbox. */
const NOT_THE_EVENTS = new Set([401, 403, 408, 429]);

/**
 * Events on disk until Signpost has them. Each is a file that is written whole, flushed, and named in the order of adding; files are sent in that order and
 * removed once accepted. After a crash the next process goes on: an event may be sent twice then, and its id has Signpost take it once.
 */
export class Outbox<Types extends object> {
  private readonly waiting: string[];
  private readonly refused: string;
  private sequence = 0;
  private closed = new AbortController();
  private running: Promise<void> | undefined;
  private idle: (() => void)[] = [];

  private constructor(
    private readonly options: OutboxOptions,
    private readonly events: Events<Types>,
    files: string[],
    private readonly unlock: () => Promise<void>,
  ) {
    this.waiting = files;
    this.refused = path.join(options.directory, 'refused');
    this.run();
  }

  /** @throws Error where another process has the directory */
  static async open<T extends object>(options: OutboxOptions, events: Events<T>): Promise<Outbox<T>> {
    await mkdir(path.join(options.directory, 'refused'), { recursive: true });
    const unlock = await lockDirectory(options.directory);
    const files = (await readdir(options.directory)).filter((file) => file.endsWith(SUFFIX)).sort();
    return new Outbox(options, events, files, unlock);
  }

  /** Events that are not sent yet. */
  get size(): number {
    return this.waiting.length;
  }

  /** Adds an event; it survives the process and the machine once this resolves. @returns its id */
  async send(event: NewEvent<Types>): Promise<string> {
    this.closed.signal.throwIfAborted();
    const withId = named(event as NewEvent<Types> & { id?: string });
    const file = `${String(Date.now()).padStart(15, '0')}-${String(this.sequence++).padStart(9, '0')}-${randomUUID().slice(0, 8)}${SUFFIX}`;
    await writeDurably(this.options.directory, file, JSON.stringify(withId));
    this.waiting.push(file);
    this.run();
    return withId.id;
  }

  /** Resolves when all that was added is sent or refused. */
  async flush(): Promise<void> {
    if (this.waiting.length > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Stops sending; what is left is sent by the next process that opens the directory. */
  async close(): Promise<void> {
    this.closed.abort(new Error('The outbox is closed.'));
    await this.running;
    await this.unlock();
  }

  private run(): void {
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
      if (this.waiting.length > 0 && !this.closed.signal.aborted) this.run();
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0 && !this.closed.signal.aborted) {
      const files = this.waiting.slice(0, BATCH);
      try {
        await this.sendFiles(files);
      } catch {
        const delayMs = this.options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS;
        await sleep(delayMs, undefined, { signal: this.closed.signal }).catch(() => undefined);
      }
    }
    if (this.waiting.length === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  /** Sends some; those that were taken, and those that never will be, are out of the way when this resolves. */
  private async sendFiles(files: readonly string[]): Promise<void> {
    const events: NewEvent<Types>[] = [];
    for (const file of files) events.push(JSON.parse(await readFile(path.join(this.options.directory, file), 'utf8')));
    const results = await this.events.sendMany(events);
    for (const [index, file] of files.entries()) {
      const result = results[index]!;
      if (!(result instanceof SignpostError)) await unlink(path.join(this.options.directory, file));
      else if (result.status < 500 && !NOT_THE_EVENTS.has(result.status))
        await this.setAside(file, events[index]!, result);
      // The order is kept: what comes after it waits, too.
      else throw result;
      this.waiting.shift();
    }
  }

  private async setAside(file: string, event: object, problem: SignpostError): Promise<void> {
    const { status, code, detail, errors } = problem;
    await writeDurably(
      this.refused,
      `${file.slice(0, -SUFFIX.length)}.problem`,
      JSON.stringify({ status, code, detail, errors }),
    );
    await rename(path.join(this.options.directory, file), path.join(this.refused, file));
    this.options.onRefused?.(event, problem);
  }
}

/** Under its name the file is whole or not there: written elsewhere, flushed, renamed, and the directory flushed. */
async function writeDurably(directory: string, file: string, text: string): Promise<void> {
  const temporary = path.join(directory, `${file}.part`);
  await withHandle(await open(temporary, 'w'), async (handle) => {
    await handle.writeFile(text);
    await handle.sync();
  });
  await rename(temporary, path.join(directory, file));
  await withHandle(await open(directory, 'r'), (handle) => handle.sync());
}

async function withHandle(handle: FileHandle, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}
