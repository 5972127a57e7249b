import { z } from 'zod';
import { AUDIENCES } from '../../domain/types';
import { capabilities, displayName, givenId, retrySchedule } from './schemas';

export const audience = z
  .enum(AUDIENCES)
  .describe(
    'Whose events its subscriptions get: `self` for its own; `product` for those of its product for every customer, narrowed by the channels of each subscription.',
  );

export const customerCapabilities = capabilities.describe(
  'What the customer may do. It gets events of a type only if it has all that the type `requires`.',
);

/** The customer of a set-up call. */
export const setUpCustomer = z
  .strictObject({
    name: displayName,
    retrySchedule: retrySchedule.optional(),
    audience: audience.optional(),
    capabilities: customerCapabilities.optional(),
    productId: givenId.nullish().describe("Default: the product of the credential. An existing customer's is kept."),
  })
  .describe(
    'Creates the customer if it does not exist, and else changes the fields that are given. A customer may not change itself.',
  );
