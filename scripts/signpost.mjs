/** `npm run signpost -- …`: the CLI of a checkout. Installs and builds first if necessary. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

checkNode();
ensureInstalled();
ensureBuilt();
// npm changes to the directory of the checkout. Files that the user names are relative to where the
// user stands; the data of the service stays in the checkout.
process.env.SIGNPOST_DATA_DIR = path.resolve(ROOT, process.env.SIGNPOST_DATA_DIR || '.signpost');
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
createRequire(import.meta.url)(path.join(ROOT, 'dist', 'cli', 'main.js'));
