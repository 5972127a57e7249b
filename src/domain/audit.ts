import { isDeepStrictEqual } from 'node:util';
import { canonicalJson, LosslessJson } from './lossless-json';
import { MASK, maskQuery } from './mask';
import type { Principal } from './types';

/** Who makes a request, and from where. */
export interface AuditActor extends Pick<Principal, 'id' | 'name' | 'productId' | 'customerId'> {
  /** The caller's, behind trusted proxies; null if the service itself acts. */
  address: string | null;
  /** As in the response header `x-request-id`. */
  requestId: string | null;
}

/** The old and the new value of each field that changed; null: absent. */
export type Changes = Record<string, { from: unknown; to: unknown }>;

/** The owners of an action's object, and the changes. Never contains secrets or payloads. */
export interface AuditFacts {
  /** @default the actor's */
  customerId?: string | null;
  /** The owner of the object. @default the actor's, or else the customer's */
  productId?: string | null;
  detail?: Record<string, unknown>;
  changes?: Changes;
}

/** Fields whose values may be secret or large. */
const HIDDEN = new Set(['headers', 'auth', 'tls', 'customData', 'transform', 'schema', 'sample', 'steps']);

/**
 * Compares the fields of an object before and after a change. Private and large values appear as a
 * mask, and URLs without the values of their query.
 *
 * @param before - undefined if the object is new
 * @param after - undefined if the object was removed
 * @param fields - the fields to compare
 */
export function changesOf<T extends object>(
  before: T | undefined,
  after: T | undefined,
  fields: readonly (keyof T & string)[],
): Changes {
  const changes: Changes = {};
  for (const field of fields) {
    const [from, to] = [before?.[field], after?.[field]];
    if (isSame(from, to)) continue;
    changes[field] = { from: shown(field, from), to: shown(field, to) };
  }
  return changes;
}

/** Whether two values are equal as JSON, whatever the order of names and the form of numbers. */
export function isSame(one: unknown, other: unknown): boolean {
  return one instanceof LosslessJson || other instanceof LosslessJson
    ? canonicalJson(one ?? null) === canonicalJson(other ?? null)
    : isDeepStrictEqual(one ?? null, other ?? null);
}

function shown(field: string, value: unknown): unknown {
  if (isEmpty(value)) return null;
  if (HIDDEN.has(field)) return MASK;
  return field === 'url' ? maskQuery(String(value)) : value;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof LosslessJson) return false;
  return Object.keys(value).length === 0 || ('type' in value && value.type === 'none');
}
