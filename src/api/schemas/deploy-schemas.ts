import { z } from 'zod';
import { MAX_DEPLOY_AHEAD_SECONDS } from '../../domain/deploys';
import { httpUrl } from './http-url';
import { description, givenId, idFilter, printableText, timestamp, timestampInput } from './schemas';

const MAX_VERSION_LENGTH = 100;

export const deploySchema = z
  .object({
    id: z.string(),
    productId: z.string().nullable().describe("The product; null: the customer's product, or all products."),
    customerId: z.string().nullable().describe("The customer; null: it is the product's own."),
    subscriptionId: z
      .string()
      .nullable()
      .describe('The only subscription that it concerns; null: all of the customer or product.'),
    version: z.string(),
    description: z.string(),
    url: z.string().nullable().describe('Where people read more, such as the CI job.'),
    at: timestamp.describe('When the version was put into operation.'),
    createdAt: timestamp,
  })
  .meta({ id: 'Deploy' });

export const deployInput = z.strictObject({
  version: printableText(MAX_VERSION_LENGTH).trim().min(1).describe('What was deployed, such as `orders 2.4.1`.'),
  description: description.default(''),
  url: httpUrl({ allowsFragment: true }).nullish().describe('Where people read more, such as the CI job.'),
  at: timestampInput
    .optional()
    .describe(`When it was deployed. Default: now. At most ${MAX_DEPLOY_AHEAD_SECONDS} seconds ahead.`),
  customerId: givenId
    .optional()
    .describe(
      'The customer that deployed. Default: the customer of the credential, or else the deploy is of a product.',
    ),
  subscriptionId: idFilter.optional().describe('The only subscription that the deploy concerns. Implies its customer.'),
  productId: givenId.nullish().describe('The product that deployed. Default: the product of the credential.'),
});

export const deployFilter = {
  customerId: givenId.optional().describe('Only deploys of this customer.'),
  subscriptionId: idFilter
    .optional()
    .describe("Only deploys that concern this subscription: its own, its customer's and its product's."),
  productId: givenId.optional().describe('Only deploys of this product and of its customers.'),
  since: timestampInput.optional().describe('Only deploys at or after this time.'),
  until: timestampInput.optional().describe('Only deploys before this time.'),
};
