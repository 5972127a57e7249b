import { LRUCache } from 'lru-cache';
import { Problem, type FieldError, type ProblemCode } from '../../domain/problems';
import type { PostedEvent } from '../events/event-input';
import { compileSchema, compileStoredSchema, sampleOf } from '../events/json-schema';
import { readEvents } from '../events/read-events';

/** How long one job validates before the next tenant has its turn. */
const TURN_MS = 20;
const MAX_USED = 1000;

/** What the side thread does: each kind with its task and its result. */
export interface Jobs {
  /**
   * Reads the body of a post of events. Checks them against the schemas that were used before, as
   * far as a turn allows.
   */
  read: {
    task: { raw: Uint8Array; isBatch: boolean; identify: boolean };
    result: { events: ({ event: PostedEvent } | { problem: PlainProblem })[]; identity?: Uint8Array };
  };
  /**
   * Lists the errors of JSON texts against a schema, for at least the first text and for as many as
   * a turn allows.
   */
  validate: {
    task: { type: string; version?: number; schema: string; texts: string[] };
    result: { results: FieldError[][]; unenforced: FieldError[] };
  };
  /** Checks the schema and the sample of an event type. Returns the sample, or a generated one. */
  compile: { task: { schema: object; sample?: unknown }; result: unknown };
}

export type JobKind = keyof Jobs;

/** A problem as it crosses the border between threads. */
export interface PlainProblem {
  code: ProblemCode;
  detail: string;
  errors?: FieldError[];
}

export const plainProblem = ({ code, detail, options }: Problem): PlainProblem => ({
  code,
  detail,
  errors: options.errors,
});

export const problemOf = ({ code, detail, errors }: PlainProblem): Problem => new Problem(code, detail, { errors });

type Work = { [Kind in JobKind]: (task: Jobs[Kind]['task']) => Jobs[Kind]['result'] };

/**
 * The schemas of event types as they were last used. A version that is no longer current does no
 * harm: its result is then not used.
 */
const usedSchemas = new LRUCache<string, { version: number; schema: string }>({ max: MAX_USED });

/** The work of each kind of job. It runs in the side thread. */
export const work: Work = {
  read({ raw, isBatch, identify }) {
    const body = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
    const { events, identity } = readEvents(body, isBatch, identify);
    const startedAt = performance.now();
    return {
      identity,
      events: events.map((event) => {
        if (event instanceof Problem) return { problem: plainProblem(event) };
        const { value, ...posted } = event;
        const used = performance.now() - startedAt < TURN_MS ? usedSchemas.get(event.type) : undefined;
        if (used)
          posted.checked = {
            type: event.type,
            version: used.version,
            errors: compileStoredSchema(used.schema).validate(value),
          };
        return { event: posted };
      }),
    };
  },
  validate({ type, version, schema, texts }) {
    const { validate, unenforced } = compileStoredSchema(schema);
    if (version !== undefined) usedSchemas.set(type, { version, schema });
    const startedAt = performance.now();
    const results: FieldError[][] = [];
    for (const text of texts) {
      results.push(validate(JSON.parse(text)));
      if (performance.now() - startedAt > TURN_MS) break;
    }
    return { results, unenforced };
  },
  compile({ schema, sample }) {
    const validate = compileSchema(schema);
    if (sample === undefined) return sampleOf(schema);
    const errors = validate(sample);
    if (errors.length === 0) return sample;
    throw new Problem('sample-breaks-schema', 'The sample does not match the schema.', {
      errors: errors.map(({ path, message }) => ({ path: `/sample${path}`, message })),
    });
  },
};
