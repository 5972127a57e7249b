import { z } from 'zod';

export type Json = Record<string, unknown>;

/** Collects the named schemas (`.meta({ id })`) that operations refer to. */
export class Components {
  readonly schemas: Record<string, unknown> = {};
  /** Most operations share their problems, and many their parameters. */
  private readonly converted = { input: new Map<z.ZodType, Json>(), output: new Map<z.ZodType, Json>() };

  schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
    const known = this.converted[io].get(schema);
    if (known) return known;
    const converted = this.convert(schema, io);
    this.converted[io].set(schema, converted);
    return converted;
  }

  private convert(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $defs,
      $schema: _,
      ...rest
    } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json & { $defs?: Json };
    for (const [name, definition] of Object.entries($defs ?? {})) this.schemas[name] = toComponentRefs(definition);
    // A named schema is a reference to its definition, which was just collected.
    return toComponentRefs(rest) as Json;
  }
}

function toComponentRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toComponentRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'id' || typeof (value as Json).id !== 'string')
      .map(([key, inner]) => [
        key,
        key === '$ref' && typeof inner === 'string'
          ? inner.replace('#/$defs/', '#/components/schemas/')
          : toComponentRefs(inner),
      ]),
  );
}
