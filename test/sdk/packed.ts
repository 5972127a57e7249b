import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from '../support/service';

export const ROOT = path.join(__dirname, '..', '..');

export function run(command: string, args: string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { status, out: stdout + stderr };
}

/** A project that has installed the packed SDK. */
export interface Project {
  directory: string;
  /** What `npm pack` printed. */
  packing: string;
  /** Type-checks files of the project as a strict program, with the types of the packed SDK. */
  compile(files: readonly string[], options?: readonly string[]): { status: number | null; out: string };
}

/**
 * Packs the SDK in a fresh checkout: with the packages installed, but without a build. Installs the
 * file in an empty directory.
 */
export function installPacked(): Project {
  const checkout = tempDir();
  const directory = tempDir();
  cpSync(path.join(ROOT, 'sdk'), path.join(checkout, 'sdk'), {
    recursive: true,
    filter: (file) => !['dist', 'node_modules'].includes(path.relative(path.join(ROOT, 'sdk'), file)),
  });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'));
  const packing = run('npm', ['pack', './sdk', '--pack-destination', directory], checkout);
  expect(packing).toMatchObject({ status: 0 });
  writeFileSync(path.join(directory, 'package.json'), '{"private":true}');
  const install = ['install', './signpost-sdk-0.1.0.tgz', '--offline', '--no-audit', '--no-fund', '--silent'];
  expect(run('npm', install, directory)).toEqual({ status: 0, out: '' });
  // The types of Node, Express and pg, as a TypeScript project has them.
  mkdirSync(path.join(directory, 'node_modules'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules', '@types'), path.join(directory, 'node_modules', '@types'));
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return {
    directory,
    packing: packing.out,
    compile: (files, options = ['--module', 'nodenext']) =>
      run(
        process.execPath,
        // The libraries of TypeScript itself are not under test, and take the most time.
        [
          tsc,
          '--noEmit',
          '--strict',
          '--skipDefaultLibCheck',
          '--target',
          'es2022',
          '--types',
          'node',
          ...options,
          ...files,
        ],
        directory,
      ),
  };
}
