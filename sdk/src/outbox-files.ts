import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { SignpostError } from './errors.js';

/**
 * A file of events: `<number>-<event count>-<owner>.json`, a JSON array in the order of adding. The
 * owner, absent in files of earlier versions, keeps two processes from using the same name.
 */
export interface EventFile {
  name: string;
  count: number;
}

/** Payloads are for the user of the process only. A directory that exists keeps its mode. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

const NAME = /^(\d{12})-(\d+)(?:-[0-9a-f]{8})?\.json$/;

/** The directory of an outbox: numbered files of events, and `refused/` for refused events. */
export class OutboxFiles {
  private constructor(
    private readonly directory: string,
    private readonly owner: string,
    private lastNumber: number,
  ) {}

  /**
   * Opens a directory that this process has locked.
   *
   * @param token - the token of the lock, a UUID
   * @returns also the files that an earlier process left, oldest first
   */
  static async open(directory: string, token: string): Promise<{ files: OutboxFiles; found: EventFile[] }> {
    const names = (await readdir(directory)).sort();
    // A partial file was never confirmed to a caller.
    for (const name of names) if (name.endsWith('.part')) await unlink(path.join(directory, name));
    const found = names.flatMap((name) => {
      const count = NAME.exec(name)?.[2];
      return count === undefined ? [] : [{ name, count: Number(count) }];
    });
    const lastNumber = Number(NAME.exec(found.at(-1)?.name ?? '')?.[1] ?? 0);
    return { files: new OutboxFiles(directory, token.slice(0, 8), lastNumber), found };
  }

  static async prepare(directory: string): Promise<void> {
    await mkdir(path.join(directory, 'refused'), { recursive: true, mode: DIRECTORY_MODE });
  }

  /**
   * Writes one file of events. When this resolves, the file survives a power failure.
   *
   * @param events - each as JSON text
   */
  async add(events: readonly string[]): Promise<EventFile> {
    const name = `${String(++this.lastNumber).padStart(12, '0')}-${events.length}-${this.owner}.json`;
    await writeDurably(this.directory, name, `[${events.join(',\n')}]\n`);
    return { name, count: events.length };
  }

  /** @returns the events; `undefined` if the file is corrupt, none if someone has deleted it */
  async read({ name }: EventFile): Promise<{ id: string }[] | undefined> {
    try {
      const events: unknown = JSON.parse(await readFile(path.join(this.directory, name), 'utf8'));
      return Array.isArray(events) && events.every(isEvent) ? events : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async remove({ name }: EventFile): Promise<void> {
    await rm(path.join(this.directory, name), { force: true });
  }

  /** Stores a refused event in `refused/`, together with the problem. */
  async storeRefused(event: unknown, { status, code, detail, errors }: SignpostError): Promise<void> {
    const text = JSON.stringify({ event, problem: { status, code, detail, errors } }, undefined, 2);
    await writeDurably(path.join(this.directory, 'refused'), `${Date.now()}-${randomUUID()}.json`, `${text}\n`);
  }

  /** Moves a corrupt file to `refused/` unchanged, so that someone can repair it. */
  async moveCorrupt({ name }: EventFile): Promise<void> {
    await rename(
      path.join(this.directory, name),
      path.join(this.directory, 'refused', `${Date.now()}-${name}.spoiled`),
    );
  }
}

function isEvent(value: unknown): value is { id: string } {
  return typeof (value as { id?: unknown } | null)?.id === 'string';
}

/**
 * Writes a file so that, after a crash, it is complete or absent: the data is flushed under another
 * name, then the file is renamed, then the directory is flushed.
 */
async function writeDurably(directory: string, name: string, text: string): Promise<void> {
  const part = path.join(directory, `${name}.part`);
  try {
    const handle = await open(part, 'w', FILE_MODE);
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
  // Windows cannot open a directory to flush it, and its renames do not need that.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}
