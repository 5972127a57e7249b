import { accentPalette } from './accent-palette';
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

/** Shows the page in the name and colours of a product. null: those of Signpost. */
export function applyBranding(branding: Branding): void {
  name = branding?.name ?? SIGNPOST;
  const { style } = document.documentElement;
  const palette = branding?.accentColor ? accentPalette(branding.accentColor) : undefined;
  for (const property of ['--accent', '--accent-hover', '--accent-soft'] as const) {
    const color = palette?.[property];
    if (color) style.setProperty(property, color);
    else style.removeProperty(property);
  }
}
