/** Bundles the compiled workflows at build time, which makes the start of a worker faster. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { ROOT } from './toolchain.mjs';

const silent = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
const { code } = await bundleWorkflowCode({
  workflowsPath: path.join(ROOT, 'dist', 'workflows', 'index.js'),
  workflowInterceptorModules: [path.join(ROOT, 'dist', 'workflows', 'trace-interceptors.js')],
  logger: silent,
});
writeFileSync(path.join(ROOT, 'dist', 'workflow-bundle.js'), code);
