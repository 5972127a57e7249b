/** The sizing model: what a load costs each part, from what the bench measured. */
import path from 'node:path';
import { ROOT } from '../scripts/toolchain.mjs';
import { figure } from './report/figures.mjs';
import { readResults } from './results.mjs';

export const PARTS = ['node', 'postgres', 'temporal'];

/** Stands in until the bench has been run: milliseconds of CPU, of the size that was seen while the service was built. */
const ASSUMED = {
  delivery: { node: 1, postgres: 0.3, temporal: 0.05 },
  workflow: { node: 12, postgres: 1, temporal: 12 },
};

/** Cores are planned to be used so far; the rest is for peaks within a minute, and for what else a server does. */
export const PLANNED_USE = 0.6;

/**
 * Milliseconds of CPU by part: `delivery`, an event accepted and delivered at the first attempt among many others; `workflow`, a notification
 * with a workflow of its own.
 *
 * @returns the costs, and whether they were measured
 */
export function costsOf(results = readResults(path.join(ROOT, 'bench', 'results.json'))) {
  const delivery = measured(results, 'closed', 'Closed loop');
  const workflow = measured(results, 'oneeach', 'One workflow each');
  return delivery && workflow ? { delivery, workflow, isMeasured: true } : { ...ASSUMED, isMeasured: false };
}

function measured(results, scenario, title) {
  // CPU seconds per 1,000 events are milliseconds per event.
  const costs = PARTS.map((part) => [part, figure(results, scenario, title, 'signpost', `cpu ${part}`)?.median]);
  return costs.every(([, cost]) => cost !== undefined) ? Object.fromEntries(costs) : undefined;
}

/**
 * Cores that a steady load uses, by part.
 *
 * @param perSecond - `deliveries`: notifications accepted, each with its first attempt; `workflows`: those among them that get a workflow of
 *   their own; `retries`: attempts after the first, each taken to cost as much as a workflow
 */
export function coresFor({ delivery, workflow }, perSecond) {
  const { deliveries, workflows, retries } = perSecond;
  return Object.fromEntries(
    PARTS.map((part) => [part, (deliveries * delivery[part] + (workflows + retries) * workflow[part]) / 1000]),
  );
}
