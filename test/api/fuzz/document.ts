import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Schema } from './arbitraries';

export interface Operation {
  method: string;
  path: string;
  parameters: { name: string; in: string; required: boolean; schema: Schema }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** The OpenAPI document, and what it says of a response. */
export class Document {
  readonly operations: Operation[];
  private readonly ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });

  constructor(
    private readonly document: { paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>> },
  ) {
    addFormats(this.ajv);
    this.ajv.addSchema(document, 'openapi');
    this.operations = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
  }

  readonly resolve = (ref: string): Schema =>
    ref
      .replace('#/', '')
      .split('/')
      .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], this.document) as Schema;

  /** @returns what a response has that the document does not allow, or undefined */
  faultOf(operation: Operation, status: number, contentType: string | null, text: string): string | undefined {
    if (status >= 500 && !isOfDataSource(text)) return `status ${status}`;
    const declared = operation.responses[status];
    if (!declared) return `status ${status} is not declared`;
    const type = contentType?.split(';')[0];
    if (!declared.content) return text === '' ? undefined : `status ${status} has a body`;
    if (type === undefined || !declared.content[type]) return `status ${status} has the content type ${type}`;
    if (!type.endsWith('json') || operation.method === 'HEAD') return undefined;
    const validate = this.schemaAt([
      'paths',
      operation.path,
      operation.method.toLowerCase(),
      'responses',
      String(status),
      'content',
      type,
      'schema',
    ]);
    const values = type === 'application/x-ndjson' ? text.split('\n').slice(0, -1) : [text];
    if (values.every((value) => validate(JSON.parse(value)))) return undefined;
    return `status ${status} does not fit its schema: ${this.ajv.errorsText(validate.errors)}`;
  }

  private schemaAt(path: string[]): ValidateFunction {
    const pointer = path.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const validate = this.ajv.getSchema(`openapi#/${pointer}`);
    if (!validate) throw new Error(`There is no schema at ${pointer}.`);
    return validate;
  }
}

/** A data source of the caller may be unavailable, which is no fault of the service. */
function isOfDataSource(text: string): boolean {
  return text.includes('"data-source-unavailable"');
}
