/** `npm run signpost -- …`: the command line of a checkout; builds first where a source changed. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
createRequire(import.meta.url)(path.join(ROOT, 'dist', 'cli', 'main.js'));
