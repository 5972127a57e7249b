import { z } from 'zod';
import { isStorable } from '../../domain/unstorable-texts';
import { ARGUMENT_TYPES } from '../../domain/composing';
import { eventTypeName, timestamp } from './schemas';

const MAX_EXPRESSION_LENGTH = 16 * 1024;
const MAX_SQL_LENGTH = 16 * 1024;
const MAX_ARGUMENTS = 50;
const MAX_STEPS = 5;

/** Postgres can neither store nor parse NUL, and lone surrogates are not valid UTF-8. */
const text = (maxLength: number) =>
  z.string().min(1).max(maxLength).refine(isStorable, 'no NUL, no lone surrogates').meta({ pattern: '^[^\\x00]*$' });

/** An expression that replaces the data; see docs/producers/service-definitions.md. */
export const transformSchema = z
  .strictObject({
    language: z.literal('jsonata'),
    expression: text(MAX_EXPRESSION_LENGTH).describe('A JSONata 2 expression. Its result must be an object.'),
  })
  .meta({ id: 'Transform' });

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'expected a letter or _, then letters, digits or _ (at most 63 characters)');

const argument = z.strictObject({
  name: name.describe('Name of the argument, written `:name` in the SQL.'),
  type: z.enum(ARGUMENT_TYPES),
  from: z
    .union([text(4096), z.literal(''), z.number(), z.boolean(), z.null()])
    .describe('Source of the value: `$data.<field>`, `$secret`, or a literal value.'),
});

const step = z.strictObject({
  kind: z.literal('query'),
  dataSource: z
    .string()
    .regex(/^[a-z0-9]+([_-][a-z0-9]+)*$/, 'expected lower-case letters and digits, separated by - or _'),
  sql: text(MAX_SQL_LENGTH).describe('A single SELECT statement.'),
  arguments: z.array(argument).max(MAX_ARGUMENTS).default([]),
  as: name
    .optional()
    .describe('Returns all rows as a list of this name. If absent, the query must return exactly one row.'),
});

/** A service definition in a request. */
export const definitionSchema = z
  .strictObject({
    steps: z.array(step).max(MAX_STEPS).default([]),
    transform: transformSchema.nullable().default(null),
  })
  .refine(({ steps, transform }) => steps.length > 0 || transform !== null, {
    path: ['steps'],
    message: 'expected at least one step or a transform',
  })
  .meta({
    anyOf: [
      { required: ['steps'], properties: { steps: { minItems: 1 } } },
      { required: ['transform'], properties: { transform: { type: 'object' } } },
    ],
  });

/** A service definition in a response. */
export const savedDefinitionSchema = z
  .object({
    eventType: eventTypeName,
    steps: z.array(z.object({ ...step.shape, arguments: z.array(argument) })),
    transform: transformSchema.nullable(),
    createdAt: timestamp,
    modifiedAt: timestamp,
  })
  .meta({ id: 'ServiceDefinition' });
