import { isDeepStrictEqual } from 'node:util';
import { table } from '../output';

/** The planned action for one object. */
export interface Step {
  action: 'create' | 'update' | 'unchanged' | 'archive' | 'remove' | 'keep';
  /** Kind and name, such as `event type payment.confirmed.v1`. */
  object: string;
  /** The fields that an update changes. */
  fields?: string[];
}

/**
 * The changes that lead from the current state to the file. Nothing is written before the whole
 * file is valid.
 */
export interface Plan {
  steps: Step[];
  /** The calls that carry out the plan, in this order. */
  calls: (() => Promise<void>)[];
}

/** Returns the fields of `desired` that differ in `current`. */
export function changedFields(desired: object, current: object): string[] {
  const existing = toJson(current);
  return Object.entries(toJson(desired))
    .filter(([name, value]) => !isDeepStrictEqual(value, existing[name]))
    .map(([name]) => name);
}

/** Returns the step that brings an object to its desired state. */
export function stepFor(object: string, desired: object, current: object | undefined): Step {
  if (!current) return { action: 'create', object };
  const fields = changedFields(desired, current);
  return fields.length === 0 ? { action: 'unchanged', object } : { action: 'update', object, fields };
}

export function showSteps(steps: readonly Step[]): string {
  return table(steps, 'Nothing to do.', {
    plan: ({ action }) => action,
    object: ({ object }) => object,
    changes: ({ fields = [] }) => fields.join(', '),
  });
}

function toJson(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}
