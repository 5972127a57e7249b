import { canonicalUrl } from './canonical-url';

/** How the portals of a product's customers look. null: as Signpost does. */
export interface Branding {
  name: string | null;
  logoUrl: string | null;
  /** `#rrggbb`, readable on white. */
  accentColor: string | null;
}

/** How the portals look if the product says nothing. */
export const NO_BRANDING: Branding = { name: null, logoUrl: null, accentColor: null };

/** A logo is in every answer that has its product, and so is kept small. */
export const MAX_LOGO_URL_LENGTH = 8192;
const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/;
const COLOR = /^#[0-9a-f]{6}$/i;
/** Of text on its background (WCAG 2.2 §1.4.3, AA). */
const MIN_CONTRAST = 4.5;

/** Returns why a logo is refused, or undefined. Browsers draw it as an image, without scripts. */
export function logoFault(text: string): string | undefined {
  if (text.startsWith('data:'))
    return DATA_IMAGE.test(text)
      ? undefined
      : 'expected a data URL of a png, jpeg, gif, webp or svg+xml image in base64';
  const canonical = canonicalUrl(text);
  if ('fault' in canonical) return canonical.fault;
  return canonical.href.startsWith('https:') ? undefined : 'expected https, or a data URL of an image';
}

/** Returns why an accent colour is refused, or undefined. */
export function accentFault(text: string): string | undefined {
  if (!COLOR.test(text)) return 'expected a color as #rrggbb';
  const contrast = contrastWithWhite(text);
  if (contrast >= MIN_CONTRAST) return undefined;
  // Rounded down, so that a refused colour never appears to have the contrast it needs.
  const shown = Math.floor(contrast * 100) / 100;
  return `has a contrast of ${shown}:1 with white, and needs ${MIN_CONTRAST}:1 to be readable: choose a darker color`;
}

/** The contrast of a colour with white (WCAG 2.2, "contrast ratio"). */
function contrastWithWhite(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red! + 0.7152 * green! + 0.0722 * blue! + 0.05);
}
