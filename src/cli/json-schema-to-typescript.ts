/**
 * Writes TypeScript types for the part of JSON Schema that event types use. What types cannot express (lengths, patterns, ranges) is left to the
 * service. An object that lists its properties takes no others, unless its schema says so: a mistyped field is to fail the compilation.
 */
interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  description?: string;
  format?: string;
  deprecated?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  nullable?: boolean;
}

/** An event type of the catalog, as far as types are concerned. */
export interface TypedEvent {
  name: string;
  description: string;
  schema: object | null;
}

const HEAD = `/* Written by "signpost types generate"; not to be changed by hand. */
`;

/** A module with one type for the data of each event type, and \`EventTypes\`, which maps their names to them. */
export function typesModule(events: readonly TypedEvent[]): string {
  const names = uniqueNames(events.map(({ name }) => name));
  const declarations = events.map(({ description, schema }, index) => declare(names[index]!, description, schema));
  const entries = events.map(({ name }, index) => `  ${JSON.stringify(name)}: ${names[index]!};`);
  return `${[
    HEAD,
    ...declarations,
    `/** The data of each event type, by its name. */\nexport type EventTypes = {\n${entries.join('\n')}\n};`,
  ].join('\n')}\n`;
}

function declare(name: string, description: string, schema: object | null): string {
  const root = (schema ?? { type: 'object' }) as Schema;
  const writer = new Writer(name, root);
  const type = writer.typeOf(root, '');
  return [...writer.definitions(), `${comment([description], '')}export type ${name} = ${type};\n`].join('\n');
}

/** `payment.confirmed.v1` is `PaymentConfirmedV1`. */
function uniqueNames(eventTypes: readonly string[]): string[] {
  const taken = new Set(['EventTypes']);
  return eventTypes.map((eventType) => {
    const base = identifier(eventType);
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  });
}

function identifier(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(name) ? name : `T${name}`;
}

/** Writes the types of one schema; what it refers to becomes a type of its own, so that it may refer to itself. */
class Writer {
  private readonly referred = new Map<string, { name: string; text: string }>();

  constructor(
    private readonly name: string,
    private readonly root: Schema,
  ) {}

  definitions(): string[] {
    return [...this.referred.values()].map(({ name, text }) => `export type ${name} = ${text};\n`);
  }

  typeOf(schema: Schema | boolean, indent: string): string {
    if (typeof schema === 'boolean') return schema ? 'unknown' : 'never';
    const parts = [
      ...(schema.$ref === undefined ? [] : [this.refer(schema.$ref)]),
      ...[schema.anyOf, schema.oneOf].flatMap((choice) =>
        choice ? [union(choice.map((one) => this.typeOf(one, indent)))] : [],
      ),
      ...(schema.allOf ?? []).map((one) => this.typeOf(one, indent)),
      ...this.own(schema, indent),
    ].filter((part) => part !== 'unknown');
    const type = parts.length === 0 ? 'unknown' : intersection(parts);
    return schema.nullable ? union([type, 'null']) : type;
  }

  private own(schema: Schema, indent: string): string[] {
    if (schema.const !== undefined) return [literal(schema.const)];
    if (schema.enum) return [union(schema.enum.map(literal))];
    if (schema.type === undefined) return schema.properties ? [this.object(schema, indent)] : [];
    return [union([schema.type].flat().map((type) => this.typed(type, schema, indent)))];
  }

  private typed(type: string, schema: Schema, indent: string): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type;
      case 'integer':
      case 'number':
        return 'number';
      case 'array':
        return this.array(schema, indent);
      case 'object':
        return this.object(schema, indent);
      default:
        return 'unknown';
    }
  }

  private array({ items, prefixItems }: Schema, indent: string): string {
    const rest = items === undefined ? 'unknown' : this.typeOf(items, indent);
    if (!prefixItems) return `Array<${rest}>`;
    const first = prefixItems.map((item) => `${grouped(this.typeOf(item, indent))}?`);
    return `[${[...first, ...(items === false ? [] : [`...Array<${rest}>`])].join(', ')}]`;
  }

  private object({ properties, required = [], additionalProperties }: Schema, indent: string): string {
    const others =
      typeof additionalProperties === 'object' ? this.typeOf(additionalProperties, indent) : ('unknown' as const);
    const open = properties ? additionalProperties !== undefined && additionalProperties !== false : true;
    if (!properties) return additionalProperties === false ? 'Record<string, never>' : `Record<string, ${others}>`;
    const inner = `${indent}  `;
    const lines = Object.entries(properties).map(([name, schema]) => {
      const text = comment(
        [schema.description, schema.format && `Format: ${schema.format}.`],
        inner,
        schema.deprecated,
      );
      return `${text}${inner}${propertyName(name)}${required.includes(name) ? '' : '?'}: ${this.typeOf(schema, inner)};`;
    });
    // What the index allows has to include what the named properties are.
    if (open) lines.push(`${inner}[name: string]: unknown;`);
    return lines.length === 0 ? 'Record<string, never>' : `{\n${lines.join('\n')}\n${indent}}`;
  }

  private refer(ref: string): string {
    if (ref === '#') return this.name;
    const known = this.referred.get(ref);
    if (known) return known.name;
    const target = this.find(ref);
    if (!target) return 'unknown';
    const base = this.name + '_' + identifier(ref.split('/').at(-1)!);
    const entry = { name: this.isTaken(base) ? `${base}_${this.referred.size}` : base, text: '' };
    this.referred.set(ref, entry);
    entry.text = this.typeOf(target, '');
    return entry.name;
  }

  private isTaken(name: string): boolean {
    return [...this.referred.values()].some((entry) => entry.name === name);
  }

  /** Only references within the schema: the service takes no others. */
  private find(ref: string): Schema | undefined {
    if (!ref.startsWith('#/')) return undefined;
    const steps = ref
      .slice(2)
      .split('/')
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], this.root) as
      Schema | undefined;
  }
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  if (distinct.includes('unknown')) return 'unknown';
  return distinct.join(' | ');
}

function intersection(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  return distinct.length === 1 ? distinct[0]! : distinct.map(grouped).join(' & ');
}

/** A union among other operators needs brackets; around anything else they do no harm. */
function grouped(type: string): string {
  return type.includes(' | ') ? `(${type})` : type;
}

function literal(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value);
}

function comment(texts: readonly (string | undefined)[], indent: string, deprecated = false): string {
  const text = texts.filter(Boolean).join(' ').replaceAll('*/', '*\\/').replace(/\s+/g, ' ');
  const all = [text, deprecated ? '@deprecated' : ''].filter(Boolean).join(' ');
  return all ? `${indent}/** ${all} */\n` : '';
}
