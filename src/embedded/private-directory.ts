import { mkdirSync } from 'node:fs';

/** Root's Postgres runs as another user, who must pass through the directories above its own. */
const PRIVATE = 0o700;
const PASSABLE = 0o711;

/**
 * Creates a directory whose contents only its owner can list, unless it exists: then its mode is
 * somebody's choice.
 */
export function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: process.getuid?.() === 0 ? PASSABLE : PRIVATE });
}
