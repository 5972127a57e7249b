/**
 * `npm start`: installs and builds if necessary, then runs the service in this process, so that it
 * gets signals directly.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
await createRequire(import.meta.url)(path.join(ROOT, 'dist', 'main.js')).main(process.argv[2]);
