import { ensureBuilt } from './toolchain.mjs';

ensureBuilt({ checksTypes: !process.argv.includes('--no-check') });
