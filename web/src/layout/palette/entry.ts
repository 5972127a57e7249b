import type { LucideIcon } from 'lucide-react';

/** An entry of the palette. */
export interface Entry {
  key: string;
  text: string;
  /** Secondary text. */
  detail?: string;
  icon: LucideIcon;
  /** Opens a page, or does something. */
  run: string | (() => void);
}
