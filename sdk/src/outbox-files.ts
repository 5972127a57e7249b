import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { SignpostError } from './errors.js';

/** A file of events: `<number>-<how many>.json`, an array in the order of adding. */
export interface EventFile {
  name: string;
  count: number;
}

const NAME = /^(\d{12})-(\d+)\.json$/;

/** The directory of an outbox: numbered files of events, and `refused/` for what Signpost does not take. */
export class OutboxFiles {
  private constructor(
    private readonly directory: string,
    private last: number,
  ) {}

  /** Opens a directory that this process has locked. @returns what is in it, in order */
  static async open(directory: string): Promise<{ files: OutboxFiles; found: EventFile[] }> {
    const names = (await readdir(directory)).sort();
    // Never finished, so never promised to anybody.
    for (const name of names) if (name.endsWith('.part')) await unlink(path.join(directory, name));
    const found = names.flatMap((name) => {
      const count = NAME.exec(name)?.[2];
      return count === undefined ? [] : [{ name, count: Number(count) }];
    });
    return { files: new OutboxFiles(directory, Number(NAME.exec(found.at(-1)?.name ?? '')?.[1] ?? 0)), found };
  }

  static async prepare(directory: string): Promise<void> {
    await mkdir(path.join(directory, 'refused'), { recursive: true });
  }

  /** Adds events, given as JSON; they survive the machine once this resolves. */
  async add(events: readonly string[]): Promise<EventFile> {
    const name = `${String(++this.last).padStart(12, '0')}-${events.length}.json`;
    await writeDurably(this.directory, name, `[${events.join(',\n')}]\n`);
    return { name, count: events.length };
  }

  /** @returns `undefined` where the file does not hold what was written to it */
  async read({ name }: EventFile): Promise<{ id: string }[] | undefined> {
    try {
      const events: unknown = JSON.parse(await readFile(path.join(this.directory, name), 'utf8'));
      return Array.isArray(events) && events.every(isEvent) ? events : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      // Taken away by hand: there is nothing to be sent any more.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async remove({ name }: EventFile): Promise<void> {
    await rm(path.join(this.directory, name), { force: true });
  }

  /** Keeps a refused event beside its problem. */
  async setAside(event: unknown, { status, code, detail, errors }: SignpostError): Promise<void> {
    const text = JSON.stringify({ event, problem: { status, code, detail, errors } }, undefined, 2);
    await writeDurably(path.join(this.directory, 'refused'), `${Date.now()}-${randomUUID()}.json`, `${text}\n`);
  }

  /** Keeps a file that a disk or a person spoiled as it is. */
  async setFileAside({ name }: EventFile): Promise<void> {
    await rename(
      path.join(this.directory, name),
      path.join(this.directory, 'refused', `${Date.now()}-${name}.spoiled`),
    );
  }
}

function isEvent(value: unknown): value is { id: string } {
  return typeof (value as { id?: unknown } | null)?.id === 'string';
}

/** Under its name the file is whole or not there: written elsewhere, flushed, renamed, and the directory flushed. */
async function writeDurably(directory: string, name: string, text: string): Promise<void> {
  const part = path.join(directory, `${name}.part`);
  try {
    const handle = await open(part, 'w');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, path.join(directory, name));
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
  await flushDirectory(directory);
}

async function flushDirectory(directory: string): Promise<void> {
  // Windows flushes no directories, and needs not.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}
