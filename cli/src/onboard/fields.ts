import { z } from 'zod';

/** Field types of the short form, with their JSON Schemas. */
const TYPES: Record<string, object> = {
  String: { type: 'string' },
  Integer: { type: 'integer' },
  Number: { type: 'number' },
  Boolean: { type: 'boolean' },
  Date: { type: 'string', format: 'date' },
  DateTime: { type: 'string', format: 'date-time' },
  Object: { type: 'object' },
};
const FIELD_TYPE = new RegExp(`^(${Object.keys(TYPES).join('|')})(\\[\\])?(\\?)?$`);

/**
 * The short form of an event's data: `{ paymentId: String, date: DateTime, note: String?, lines:
 * Object[] }`.
 */
export const fieldsSchema = z.record(
  z.string().min(1),
  z.string().regex(FIELD_TYPE, `one of ${Object.keys(TYPES).join(', ')}; add [] for a list, ? for an optional field`),
);

/** Converts the short form to a JSON Schema. */
export function schemaOfFields(fields: Record<string, string>): object {
  const parsed = Object.entries(fields).map(([name, text]) => {
    const [, type, list, optional] = FIELD_TYPE.exec(text)!;
    const one = TYPES[type!]!;
    return { name, schema: list ? { type: 'array', items: one } : one, optional: optional !== undefined };
  });
  return {
    type: 'object',
    required: parsed.filter(({ optional }) => !optional).map(({ name }) => name),
    properties: Object.fromEntries(parsed.map(({ name, schema }) => [name, schema])),
  };
}

/** A field in the table of an event type. */
export interface FieldRow {
  /** Path of the field: a dot before a nested field, `[]` after a list. */
  name: string;
  /** `String`, `DateTime`, `Number[]`, … */
  type: string;
  required: boolean;
  description: string;
}

interface Schema {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const MAX_DEPTH = 5;

/** Lists the fields of a JSON Schema. Nested fields follow their parent. */
export function fieldRows(schema: object | null, prefix = '', depth = 0): FieldRow[] {
  const { properties = {}, required = [] } = (schema ?? {}) as Schema;
  return Object.entries(properties).flatMap(([name, field]) => {
    const row = {
      name: prefix + name,
      type: typeName(field),
      required: required.includes(name),
      description: field.description ?? '',
    };
    const inner = field.properties ? field : field.items?.properties ? field.items : undefined;
    const suffix = inner === field ? '.' : '[].';
    return inner && depth < MAX_DEPTH ? [row, ...fieldRows(inner, row.name + suffix, depth + 1)] : [row];
  });
}

function typeName(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return [...new Set(choice.map(typeName))].join(' or ');
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length === 0) return schema.properties ? 'Object' : 'any';
  return types
    .map((type) => {
      if (type === 'array') return schema.items ? `${typeName(schema.items)}[]` : 'List';
      if (type === 'string' && schema.format === 'date-time') return 'DateTime';
      if (type === 'string' && schema.format === 'date') return 'Date';
      return type.charAt(0).toUpperCase() + type.slice(1);
    })
    .join(' or ');
}
