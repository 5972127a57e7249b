import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from '../support/service';

export const ROOT = path.join(__dirname, '..', '..');

/** Copies the working tree as a fresh clone would have it, without packages and without a build. */
export function cloneOfTree(): string {
  const copy = tempDir();
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of new Set(stdout.split('\0'))) {
    if (file === '' || !existsSync(path.join(ROOT, file))) continue;
    mkdirSync(path.join(copy, path.dirname(file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(copy, file));
  }
  return copy;
}

/** The same with the packages of the working tree, by links. */
export function copyOfTree(): string {
  const copy = cloneOfTree();
  for (const folder of ['node_modules', 'web/node_modules', 'cli/node_modules', 'sdk/node_modules'])
    if (existsSync(path.join(ROOT, folder))) symlinkSync(path.join(ROOT, folder), path.join(copy, folder));
  return copy;
}
