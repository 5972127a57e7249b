import { z } from 'zod';
import { FEATURES } from '../../domain/features';
import { ROLES } from '../../domain/types';
import { brandingSchema } from './branding-schemas';
import { timestamp } from './schemas';

/** The session of the browser that asks. */
export const sessionSchema = z
  .object({
    principal: z.object({
      id: z.string(),
      name: z.string(),
      role: z.enum(ROLES),
      productId: z.string().nullable(),
      segment: z.string().nullable().describe('Granted in place of one product.'),
      customerId: z.string().nullable(),
    }),
    id: z.string(),
    method: z.enum(['credential', 'oidc']).describe('How the sign-in was made.'),
    csrfToken: z.string().describe('Send it in `X-CSRF-Token` with every call that changes something.'),
    expiresAt: timestamp,
    version: z.string(),
    features: z.array(z.enum(FEATURES)).describe('The features that this installation has.'),
    temporalUiUrl: z.string().nullable().describe('URL of the Temporal UI; null for customers, and if unknown.'),
    publicUrl: z.string().describe('Base URL of the API.'),
    customerName: z.string().nullable().describe('Name of the customer whose portal this is; null for others.'),
    branding: brandingSchema
      .nullable()
      .describe('How the portal looks; null for others, and for a customer that all products share.'),
    returnUrl: z.string().nullable().describe('Page that a portal links back to; null if there is none.'),
  })
  .meta({ id: 'Session' });

/** A session in a list. */
export const listedSessionSchema = z
  .object({
    id: z.string(),
    principalId: z.string().describe('Id of the credential or person that signed in.'),
    principalName: z.string(),
    role: z.enum(ROLES),
    method: z.enum(['credential', 'oidc']),
    address: z.string().describe('Address of the client; of its /64 network for IPv6.'),
    userAgent: z.string(),
    createdAt: timestamp,
    lastUsedAt: timestamp.describe('To about a minute.'),
    expiresAt: timestamp,
    current: z.boolean().describe('Whether the call is made with this session.'),
  })
  .meta({ id: 'BrowserSession' });
