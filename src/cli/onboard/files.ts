import { z } from 'zod';
import { displayName, description, eventTypeName, givenId, retrySchedule } from '../../api/schemas/schemas';
import { newSettingsSchema } from '../../api/schemas/subscription-schemas';
import { DEFAULT_RETRY_SCHEDULE } from '../../domain/retry-schedule';
import { parseUrlPattern } from '../../domain/url-pattern';
import { fieldsSchema } from './fields';

const jsonObject = z.record(z.string(), z.unknown());

/** Rejects an entry with the name of an earlier one. */
function uniqueNames(list: readonly { name: string }[], context: z.RefinementCtx): void {
  for (const [index, { name }] of list.entries())
    if (list.findIndex((entry) => entry.name === name) < index)
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `${name} is listed twice` });
}

/** An event type in a file. Its data is described by a JSON Schema or by the short form. */
export const catalogEntry = z
  .strictObject({
    name: eventTypeName,
    description: description.default(''),
    schema: jsonObject.optional(),
    fields: fieldsSchema.optional(),
    sample: z.unknown().optional(),
  })
  .refine(({ schema, fields }) => !schema || !fields, {
    message: 'set either schema or fields, not both',
    path: ['fields'],
  });
export type CatalogEntry = z.output<typeof catalogEntry>;

export const catalog = z.array(catalogEntry).superRefine(uniqueNames);

/** The file of `signpost onboard product`. */
export const productFile = z.strictObject({
  product: z.strictObject({
    id: givenId,
    name: displayName,
    enabled: z.boolean().optional(),
    requireVerification: z.boolean().optional(),
  }),
  eventTypes: catalog.default([]),
  archiveOthers: z.boolean().default(false),
  apiKeys: z
    .array(z.strictObject({ name: displayName }))
    .superRefine(uniqueNames)
    .default([]),
});
export type ProductFile = z.output<typeof productFile>;

/** The file of `signpost onboard customer`. */
export const customerFile = z.strictObject({
  customer: z.strictObject({
    id: givenId,
    name: displayName,
    productId: givenId.optional(),
    retrySchedule: retrySchedule.default([...DEFAULT_RETRY_SCHEDULE]),
  }),
  allowUrls: z
    .array(
      z
        .string()
        .refine((text) => parseUrlPattern(text) !== undefined, 'must be scheme://host[:port][/path-prefix], or a host'),
    )
    .default([]),
  subscriptions: z.array(newSettingsSchema).min(1, 'must have at least one entry').max(200).superRefine(uniqueNames),
  checks: z.strictObject({ challenge: z.boolean().default(false), test: z.boolean().default(false) }).prefault({}),
});
export type CustomerFile = z.output<typeof customerFile>;
