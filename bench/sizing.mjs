/**
 * The sizing model: the CPU cost of a load for each part, based on the measurements of the bench.
 */
import path from 'node:path';
import { ROOT } from '../scripts/toolchain.mjs';
import { figure } from './report/figures.mjs';
import { readResults } from './results.mjs';

export const PARTS = ['node', 'postgres', 'temporal'];

/**
 * Milliseconds of CPU to assume until the bench has run, similar to those seen during development.
 */
const ASSUMED = {
  delivery: { node: 1, postgres: 0.3, temporal: 0.05 },
  workflow: { node: 12, postgres: 1, temporal: 12 },
};

/**
 * Planned use of the cores. The rest is for peaks within a minute and for other work of the
 * machine.
 */
export const PLANNED_USE = 0.6;

/**
 * Milliseconds of CPU by part. `delivery` is an event that is accepted and delivered at the first
 * attempt, under load; `workflow` is a notification with its own workflow.
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
 * @param perSecond - `deliveries`: accepted notifications, each with its first attempt;
 *   `workflows`: those of them that get their own workflow; `retries`: attempts after the first,
 *   each assumed to cost as much as a workflow
 */
export function coresFor({ delivery, workflow }, perSecond) {
  const { deliveries, workflows, retries } = perSecond;
  return Object.fromEntries(
    PARTS.map((part) => [part, (deliveries * delivery[part] + (workflows + retries) * workflow[part]) / 1000]),
  );
}
