import { isDeepStrictEqual } from 'node:util';
import { table } from '../output';

/** What happens to one object. */
export interface Step {
  action: 'create' | 'update' | 'unchanged' | 'archive' | 'remove';
  /** As `event type payment.confirmed.v1`. */
  object: string;
  /** What changes of it. */
  fields?: string[];
}

/** What a file asks for that is not so yet. Nothing is written before all of it is known to be in order. */
export interface Plan {
  steps: Step[];
  /** Carries it out, in this order. */
  calls: (() => Promise<void>)[];
}

/** The fields of `wanted` that are otherwise in `found`. */
export function changedFields(wanted: object, found: object): string[] {
  const current = toJson(found);
  return Object.entries(toJson(wanted))
    .filter(([name, value]) => !isDeepStrictEqual(value, current[name]))
    .map(([name]) => name);
}

/** The step for an object that should be like `wanted`. */
export function stepFor(object: string, wanted: object, found: object | undefined): Step {
  if (!found) return { action: 'create', object };
  const fields = changedFields(wanted, found);
  return fields.length === 0 ? { action: 'unchanged', object } : { action: 'update', object, fields };
}

export function showSteps(steps: readonly Step[]): string {
  return table(steps, {
    plan: ({ action }) => action,
    object: ({ object }) => object,
    changes: ({ fields = [] }) => fields.join(', '),
  });
}

function toJson(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}
