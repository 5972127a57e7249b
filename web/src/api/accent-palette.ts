type Color = readonly [number, number, number];

const WHITE: Color = [255, 255, 255];
const BLACK: Color = [0, 0, 0];
/** The surfaces that text in the accent colour stands on, as in styles/tokens.css. */
const LIGHT_SURFACE: Color = [240, 242, 245];
const DARK_SURFACE: Color = [29, 36, 45];
/** WCAG 2.2 §1.4.3, AA. */
const MIN_CONTRAST = 4.5;
const STEP = 0.04;

/**
 * The colours of controls from one accent colour: darkened for the light theme and lightened for
 * the dark one, until text in it is readable on every surface.
 *
 * @param accent - `#rrggbb`
 */
export function accentPalette(accent: string): Record<'--accent' | '--accent-hover' | '--accent-soft', string> {
  const base = [1, 3, 5].map((start) => parseInt(accent.slice(start, start + 2), 16)) as unknown as Color;
  const softLight = mix(base, WHITE, 0.9);
  const softDark = mix(base, DARK_SURFACE, 0.82);
  const light = readable(base, BLACK, [LIGHT_SURFACE, softLight]);
  const dark = readable(base, WHITE, [DARK_SURFACE, softDark]);
  return {
    '--accent': pair(light, dark),
    '--accent-hover': pair(mix(light, BLACK, 0.2), mix(dark, WHITE, 0.3)),
    '--accent-soft': pair(softLight, softDark),
  };
}

/** Moves a colour towards another one until it contrasts with all surfaces. */
function readable(color: Color, towards: Color, surfaces: Color[]): Color {
  for (let share = 0; share < 1; share += STEP) {
    const candidate = mix(color, towards, share);
    if (surfaces.every((surface) => contrast(candidate, surface) >= MIN_CONTRAST)) return candidate;
  }
  return towards;
}

const mix = (one: Color, other: Color, share: number): Color =>
  one.map((value, index) => Math.round(value + (other[index]! - value) * share)) as unknown as Color;

function contrast(one: Color, other: Color): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

function luminance(color: Color): number {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

const hex = (color: Color) => `#${color.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
const pair = (light: Color, dark: Color) => `light-dark(${hex(light)}, ${hex(dark)})`;
