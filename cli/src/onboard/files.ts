import { z } from 'zod';
import {
  capabilities,
  displayName,
  description,
  eventTypeName,
  givenId,
  jsonObject,
  retrySchedule,
  searchKeys,
  segmentName,
} from '../../../src/api/schemas/schemas';
import { urlPattern } from '../../../src/api/schemas/http-url';
import { GROWING, newSettingsSchema, ruleOf } from '../../../src/api/schemas/subscription-schemas';
import { DEFAULT_RETRY_SCHEDULE } from '../../../src/domain/retry-schedule';
import { AUDIENCES, UNKNOWN_CUSTOMERS } from '../../../src/domain/types';
import { fieldsSchema } from './fields';

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
    requires: capabilities.optional(),
    searchKeys: searchKeys.optional(),
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
    segment: segmentName.optional(),
    enabled: z.boolean().optional(),
    unknownCustomers: z.enum(UNKNOWN_CUSTOMERS).optional(),
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

/** A subscription in a file. The file has the name of a preset, and the request has its waits. */
const subscription = z.preprocess((given) => {
  const { retrySchedule: schedule, outOfOrderRule: rule } = (given ?? {}) as Record<string, unknown>;
  return schedule === GROWING && rule === undefined
    ? { ...(given as object), outOfOrderRule: ruleOf(rule, GROWING) }
    : given;
}, newSettingsSchema);

/** The file of `signpost onboard customer`. */
export const customerFile = z.strictObject({
  customer: z.strictObject({
    id: givenId,
    name: displayName,
    productId: givenId.optional(),
    audience: z.enum(AUDIENCES).optional(),
    capabilities: capabilities.optional(),
    retrySchedule: retrySchedule.default([...DEFAULT_RETRY_SCHEDULE]),
  }),
  allowUrls: z.array(urlPattern).default([]),
  subscriptions: z.array(subscription).min(1, 'must have at least one entry').max(200).superRefine(uniqueNames),
  checks: z.strictObject({ challenge: z.boolean().default(false), test: z.boolean().default(false) }).prefault({}),
});
export type CustomerFile = z.output<typeof customerFile>;
