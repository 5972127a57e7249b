import { z } from 'zod';
import { accentFault, logoFault, MAX_LOGO_URL_LENGTH } from '../../domain/branding';
import { displayName } from './schemas';

/** Turns a check that returns a fault into one of a schema. */
const checkedBy = (faultOf: (text: string) => string | undefined) => (text: string, context: z.RefinementCtx) => {
  const message = faultOf(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
};

/** How the portals of a product's customers look, in an answer. */
export const brandingSchema = z
  .object({
    name: z.string().nullable().describe('Shown in place of Signpost; null: Signpost.'),
    logoUrl: z
      .string()
      .nullable()
      .describe('An image, by https or as a data URL; null: the initial of the name, or the logo of Signpost.'),
    accentColor: z.string().nullable().describe('Of buttons and links, as `#rrggbb`; null: that of Signpost.'),
  })
  .describe("How the portals of the product's customers look.")
  .meta({ id: 'Branding' });

/** A change of the branding. An absent field keeps its value. */
export const brandingChange = z
  .strictObject({
    name: displayName.nullable().describe('Shown in place of Signpost; null: Signpost.'),
    logoUrl: z
      .string()
      .max(MAX_LOGO_URL_LENGTH)
      .superRefine(checkedBy(logoFault))
      .nullable()
      .describe(
        'An https URL, or a data URL of a PNG, JPEG, GIF, WebP or SVG image in base64. null: the initial of the name, or the logo of Signpost.',
      ),
    accentColor: z
      .string()
      .superRefine(checkedBy(accentFault))
      .toLowerCase()
      .nullable()
      .describe('`#rrggbb`, with a contrast of at least 4.5:1 with white. null: that of Signpost.'),
  })
  .partial()
  .describe("How the portals of the product's customers look.");
