/** `npm run signpost -- …`: the CLI of a checkout. Installs and builds first if necessary. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
createRequire(import.meta.url)(path.join(ROOT, 'dist', 'cli', 'main.js'));
