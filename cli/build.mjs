/**
 * Bundles the command line into one file, with the SDK and the rules of the service by which it
 * checks files before it sends them.
 */
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { bundle } from './bundle.mjs';

const directory = import.meta.dirname;
const file = path.join(directory, 'dist', 'main.js');
await bundle({
  input: path.join(directory, 'src', 'main.ts'),
  file,
  manifest: path.join(directory, 'package.json'),
});
chmodSync(file, 0o755);
