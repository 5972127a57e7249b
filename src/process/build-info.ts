import { Gauge, type Registry } from 'prom-client';
import { VERSION } from './version';

/** Registers what runs: the version, the version of Node.js and the role of the process. */
export function registerBuildInfo(registry: Registry, role: string): void {
  new Gauge({
    name: 'signpost_build_info',
    help: 'The version, the version of Node.js and the role of this process, as labels. Always 1.',
    labelNames: ['version', 'node', 'role'],
    registers: [registry],
  }).set({ version: VERSION, node: process.versions.node, role }, 1);
}
