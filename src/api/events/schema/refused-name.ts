/** Keywords whose value maps names of members to rules. */
const MAPS = ['properties', 'dependentSchemas', 'dependentRequired', 'dependencies'];
/** The validator takes this name for the prototype of an object. */
const NAME = '__proto__';

/**
 * Finds a rule about a member called `__proto__`, which no validator enforces.
 *
 * @param schema - of bounded depth
 * @returns the keyword that has the rule, or undefined
 */
export function refusedName(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const rules = schema as Record<string, unknown>;
  const map = MAPS.find((keyword) => {
    const value = rules[keyword];
    return typeof value === 'object' && value !== null && Object.hasOwn(value, NAME);
  });
  if (map !== undefined) return map;
  if (Array.isArray(rules.required) && rules.required.includes(NAME)) return 'required';
  for (const value of Object.values(rules)) {
    const found = refusedName(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
