import type { Ajv, ErrorObject, SchemaValidateFunction } from 'ajv';
import { spend } from './work';

const CHARACTERS_PER_UNIT = 2;

/**
 * Replaces the keyword `uniqueItems`, which compares each pair of items, by one that takes linear
 * time: it compares the canonical texts of the items by their hash.
 */
export function replaceUniqueItems(ajv: Ajv): void {
  const validate: SchemaValidateFunction = (isUnique: boolean, items: unknown[]) => {
    if (!isUnique) return true;
    const pair = firstDuplicate(items);
    if (!pair) return true;
    const [i, j] = pair;
    const message = `must NOT have duplicate items (items ## ${j} and ${i} are identical)`;
    validate.errors = [{ keyword: 'uniqueItems', message, params: { i, j } } as Partial<ErrorObject>];
    return false;
  };
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate, errors: true });
}

function firstDuplicate(items: readonly unknown[]): [number, number] | undefined {
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const text = canonicalText(item);
    spend(1 + text.length / CHARACTERS_PER_UNIT);
    const earlier = seen.get(text);
    if (earlier !== undefined) return [index, earlier];
    seen.set(text, index);
  }
  return undefined;
}

/**
 * @returns a text that is the same for values that JSON Schema calls equal: the order of properties
 *   has no meaning
 */
function canonicalText(value: unknown): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
