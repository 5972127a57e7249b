/**
 * Compiles the SDK twice: for `import` and for `require`. A package.json in each folder declares its
 * module type.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const directory = import.meta.dirname;
const tsc = path.join(directory, '..', 'node_modules', 'typescript-7', 'bin', 'tsc');
rmSync(path.join(directory, 'dist'), { recursive: true, force: true });
for (const [configuration, folder, type] of [
  ['tsconfig.json', 'cjs', 'commonjs'],
  ['tsconfig.esm.json', 'esm', 'module'],
]) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', path.join(directory, configuration)], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(path.join(directory, 'dist', folder, 'package.json'), `${JSON.stringify({ type })}\n`);
}
