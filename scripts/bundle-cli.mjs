/**
 * Bundles the command line of the service: the commands of `cli/`, and those that run the service
 * or open its database. Other parts of the service stay the files that tsc compiled.
 */
import path from 'node:path';
import { bundle } from '../cli/bundle.mjs';
import { ROOT } from './toolchain.mjs';

const SRC = path.join(ROOT, 'src');
await bundle({
  input: path.join(SRC, 'cli', 'main.ts'),
  file: path.join(ROOT, 'dist', 'cli', 'main.js'),
  manifest: path.join(ROOT, 'package.json'),
  external(file) {
    const [folder] = path.relative(SRC, file).split(path.sep);
    if (folder === '..' || folder === 'cli') return undefined;
    const compiled = path.relative(SRC, file).replace(/\.ts$/, '.js');
    return `../${compiled.split(path.sep).join('/')}`;
  },
});
