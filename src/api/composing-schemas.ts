import { z } from 'zod';
import { ARGUMENT_TYPES, type ArgumentType } from '../domain/composing';
import { eventTypeName, timestamp } from './schemas';

const MAX_EXPRESSION_LENGTH = 16 * 1024;
const MAX_SQL_LENGTH = 16 * 1024;
const MAX_ARGUMENTS = 50;
const MAX_STEPS = 5;

/** NUL can neither be stored nor parsed, nor can half a character. */
const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cs}\0]*$/u, 'no NUL, no lone surrogates');

/** An expression in place of data; see docs/producers/service-definitions.md. */
export const transformSchema = z
  .strictObject({
    language: z.literal('jsonata'),
    expression: text(MAX_EXPRESSION_LENGTH).describe('JSONata 2. Its result must be an object.'),
  })
  .meta({ id: 'Transform' });

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'a letter or _, then letters, digits or _');

const argument = z.strictObject({
  name: name.describe('Written `:name` in the SQL.'),
  type: z.enum(Object.keys(ARGUMENT_TYPES) as [ArgumentType, ...ArgumentType[]]),
  from: z
    .union([text(4096), z.literal(''), z.number(), z.boolean(), z.null()])
    .describe('`$data.<field>`, `$secret`, or the value itself.'),
});

const step = z.strictObject({
  kind: z.literal('query'),
  dataSource: z.string().regex(/^[a-z0-9]+([_-][a-z0-9]+)*$/, 'lower case, digits, - and _'),
  sql: text(MAX_SQL_LENGTH).describe('One SELECT.'),
  arguments: z.array(argument).max(MAX_ARGUMENTS).default([]),
  as: name.optional().describe('Takes all rows, as a list of this name. Without it the one row that there must be.'),
});

/** What a caller may set. */
export const definitionSchema = z
  .strictObject({
    steps: z.array(step).max(MAX_STEPS).default([]),
    transform: transformSchema.nullable().default(null),
  })
  .refine(({ steps, transform }) => steps.length > 0 || transform !== null, {
    path: ['steps'],
    message: 'at least one step, or a transform',
  });

/** A service definition as answered. */
export const savedDefinitionSchema = z
  .object({
    eventType: eventTypeName,
    steps: z.array(z.object({ ...step.shape, arguments: z.array(argument) })),
    transform: transformSchema.nullable(),
    createdAt: timestamp,
    modifiedAt: timestamp,
  })
  .meta({ id: 'ServiceDefinition' });
