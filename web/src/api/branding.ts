import type { Session } from './types';

type Branding = Session['branding'];

const SIGNPOST = 'Signpost';
let name = SIGNPOST;

/** The name that a portal goes by, and Signpost elsewhere. */
export const productName = (): string => name;

/** Titles the window. */
export function setWindowTitle(title: string): void {
  document.title = `${title} · ${name}`;
}

/**
 * Shows the page in the name and colours of a product. null: those of Signpost. The code of the
 * colours loads only for products that have their own.
 */
export async function applyBranding(branding: Branding): Promise<void> {
  name = branding?.name ?? SIGNPOST;
  const { style } = document.documentElement;
  const palette = branding?.accentColor
    ? (await import('./accent-palette')).accentPalette(branding.accentColor)
    : undefined;
  for (const property of ['--accent', '--accent-hover', '--accent-soft'] as const) {
    const color = palette?.[property];
    if (color) style.setProperty(property, color);
    else style.removeProperty(property);
  }
}
