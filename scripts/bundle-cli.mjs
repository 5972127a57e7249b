/**
 * Bundles the command line of the service: the commands of `cli/`, and those that run the service
 * or open its database. Other parts of the service stay the files that tsc compiled.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { bundle } from '../cli/bundle.mjs';
import { ROOT } from './toolchain.mjs';

const SRC = path.join(ROOT, 'src');
const OUT = path.join(ROOT, 'dist', 'cli');

// The names of files other than main.js change with their content.
rmSync(OUT, { recursive: true, force: true });
await bundle({
  input: path.join(SRC, 'cli', 'main.ts'),
  file: path.join(OUT, 'main.js'),
  manifest: path.join(ROOT, 'package.json'),
  splits: true,
  external(file) {
    const [folder] = path.relative(SRC, file).split(path.sep);
    if (folder === '..' || folder === 'cli') return undefined;
    const compiled = path.relative(SRC, file).replace(/\.ts$/, '.js');
    return `../${compiled.split(path.sep).join('/')}`;
  },
});
