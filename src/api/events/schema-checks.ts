import type { Logger } from 'pino';
import type { FieldError } from '../../domain/problems';
import type { SideThread } from '../side-thread/side-thread';
import { compileStoredSchema, type CompiledSchema } from './json-schema';

/** Compiling a schema of this size takes some 15 ms. */
const MAX_INLINE_CHARACTERS = 4096;
/** A repetition such as `{1000}` multiplies the time of compiling a pattern. */
const REPEATS = /attern[\s\S]*\{\d/;
/** JSON text of one job for the side thread. */
const JOB_CHARACTERS = 1024 * 1024;

/** The schema of an event type, ready to check data. */
export interface PreparedSchema {
  name: string;
  /** Absent if it is not known. */
  version?: number;
  text: string;
  /** Absent if compiling it here would take long. */
  compiled?: CompiledSchema;
  /** Whether patterns that are not enforced have been logged. */
  warned: boolean;
}

/** Data to check, as JSON text and, if it is small, as a value. */
export interface DataToCheck {
  data: string;
  value?: object;
}

/**
 * Checks data against the schemas of event types: on the event loop if that takes a fraction of a
 * millisecond, or else in the side thread.
 */
export class SchemaChecks {
  constructor(
    private readonly thread: Pick<SideThread, 'run'>,
    private readonly log?: Pick<Logger, 'warn'>,
  ) {}

  /** @param type - the event type, with the version of its schema */
  prepare({ name, version }: { name: string; version?: number }, schema: object): PreparedSchema {
    const text = JSON.stringify(schema);
    const prepared: PreparedSchema = { name, version, text, warned: false };
    if (text.length > MAX_INLINE_CHARACTERS || REPEATS.test(text)) return prepared;
    prepared.compiled = compileStoredSchema(schema);
    this.warn(prepared, prepared.compiled.unenforced);
    return prepared;
  }

  /** @returns the errors, or undefined if the check belongs into the side thread */
  quickly({ compiled }: PreparedSchema, { value }: DataToCheck): FieldError[] | undefined {
    return value && compiled?.validateQuickly(value);
  }

  /** @returns the errors of each of the data, in order */
  async inThread(tenant: string, schema: PreparedSchema, data: readonly string[]): Promise<FieldError[][]> {
    const errors: FieldError[][] = [];
    while (errors.length < data.length) {
      const { name: type, version, text } = schema;
      const task = { type, version, schema: text, texts: nextTexts(data, errors.length) };
      const { results, unenforced } = await this.thread.run(tenant, 'validate', task);
      errors.push(...results);
      this.warn(schema, unenforced);
    }
    return errors;
  }

  async errorsOf(tenant: string, schema: PreparedSchema, data: DataToCheck): Promise<FieldError[]> {
    return this.quickly(schema, data) ?? (await this.inThread(tenant, schema, [data.data]))[0]!;
  }

  private warn(schema: PreparedSchema, unenforced: readonly FieldError[]): void {
    if (schema.warned || unenforced.length === 0) return;
    schema.warned = true;
    this.log?.warn({ eventType: schema.name, unenforced }, 'patterns of a schema are not enforced; change the schema');
  }
}

function nextTexts(data: readonly string[], from: number): string[] {
  let characters = 0;
  let end = from;
  while (end < data.length && (end === from || characters + data[end]!.length <= JOB_CHARACTERS))
    characters += data[end++]!.length;
  return data.slice(from, end);
}
