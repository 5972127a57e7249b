import { mkdirSync } from 'node:fs';

/** Root's Postgres runs as another user, who must pass through the directories above its own. */
const PRIVATE = 0o700;
const PASSABLE = 0o711;

/** Creates a directory that only its owner may enter. An existing one keeps its mode. */
export function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: PRIVATE });
}

/**
 * Creates a directory above that of Postgres. Only its owner can list it. An existing one keeps its
 * mode.
 */
export function makePrivateAbovePostgres(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: process.getuid?.() === 0 ? PASSABLE : PRIVATE });
}

/**
 * Runs a function that creates files or starts processes: only their owner may read what is
 * created.
 */
export function withPrivateFiles<T>(create: () => T): T {
  const before = process.umask(0o077);
  try {
    return create();
  } finally {
    process.umask(before);
  }
}
