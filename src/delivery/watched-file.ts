import { readFileSync, statSync } from 'node:fs';

/** How long a file is trusted before its modification time is checked again. */
const CHECK_EVERY_MS = 1000;

/**
 * The parsed content of a small local file that an administrator may change while the process runs.
 * A missing file counts as empty.
 */
export class WatchedFile<T> {
  private checkedAt = -Infinity;
  private version = '';
  private content: T;

  constructor(
    private readonly path: string,
    private readonly parse: (text: string) => T,
  ) {
    this.content = parse('');
  }

  /** The content, at most one second old. */
  read(): T {
    const now = performance.now();
    if (now - this.checkedAt < CHECK_EVERY_MS) return this.content;
    this.checkedAt = now;
    const version = versionOf(this.path);
    if (version !== this.version) {
      this.version = version;
      this.content = this.parse(textOf(this.path));
    }
    return this.content;
  }
}

function versionOf(path: string): string {
  // A file may be replaced by another of the same age, which then has another inode.
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.mtimeMs} ${stats.size}` : 'missing';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
