import { t } from '@lingui/core/macro';
import { formatJson } from '../../api/exact-json';

interface Schema {
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  deprecated?: boolean;
}

/** A field of an event's data, as the field table shows it. */
export interface Field {
  /** For example `payer.name` or `lines[].amount`. */
  path: string;
  /** For example `String`, `DateTime` or `List of Number`. */
  type: string;
  required: boolean;
  description: string;
  /** The allowed values, if the schema lists them. */
  values: string[];
}

const MAX_DEPTH = 8;
const TYPE_NAMES: Record<string, string> = {
  string: t`String`,
  number: t`Number`,
  integer: t`Integer`,
  boolean: t`Boolean`,
  object: t`Object`,
  array: t`List`,
  null: t`Null`,
};
const FORMAT_NAMES: Record<string, string> = {
  'date-time': t`DateTime`,
  date: t`Date`,
  time: t`Time`,
  uuid: 'UUID',
  email: t`Email`,
  uri: t`URL`,
};

/** Returns the fields of a JSON Schema in schema order. Nested fields follow their parent. */
export function fieldsOf(root: object): Field[] {
  const fields: Field[] = [];
  walk(root as Schema, '', 0);
  return fields;

  function walk(given: Schema, prefix: string, depth: number): void {
    const schema = resolved(given);
    const required = new Set(schema.required);
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      const path = prefix + name;
      const field = resolved(inner);
      fields.push({
        path,
        type: typeOf(field),
        required: required.has(name),
        description: field.description ?? '',
        values: valuesOf(field),
      });
      const item = field.items && resolved(field.items);
      if (depth < MAX_DEPTH) walk(item ?? field, item ? `${path}[].` : `${path}.`, depth + 1);
    }
    for (const part of [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) {
      if (depth < MAX_DEPTH) walk(part, prefix, depth + 1);
    }
  }

  function resolved(schema: Schema): Schema {
    const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(schema.$ref ?? '')?.[1];
    const { $defs, definitions } = root as Schema;
    return (
      (name && {
        ...($defs ?? definitions)?.[name],
        ...(schema.description ? { description: schema.description } : {}),
      }) ||
      schema
    );
  }

  function typeOf(schema: Schema): string {
    if (schema.items) return t`List of ${typeOf(resolved(schema.items))}`;
    if (schema.format && FORMAT_NAMES[schema.format]) return FORMAT_NAMES[schema.format]!;
    const types = [schema.type ?? (schema.properties ? 'object' : [])].flat();
    if (types.length > 0) return orList(types.map((type) => TYPE_NAMES[type] ?? type));
    const parts = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].map((part) => typeOf(resolved(part)));
    return parts.length > 0 ? orList([...new Set(parts)]) : t`Any`;
  }
}

const orList = (names: string[]): string => names.reduce((all, name) => t`${all} or ${name}`);

function valuesOf({ enum: values, const: value }: Schema): string[] {
  return (values ?? (value === undefined ? [] : [value])).map((each) =>
    typeof each === 'string' ? each : formatJson(each),
  );
}
