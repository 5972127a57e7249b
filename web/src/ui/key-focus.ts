/**
 * Keeps in `data-keys` of the document whether the last input was a key. Only then do the styles
 * show a ring around what has the focus, except for text fields, which always have one.
 */
export function followKeys(): void {
  const set = (isKey: boolean) => document.documentElement.toggleAttribute('data-keys', isKey);
  addEventListener('keydown', () => set(true), true);
  addEventListener('pointerdown', () => set(false), true);
}
