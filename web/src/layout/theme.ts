import { useState } from 'react';
import { linkTheme } from '../api/portal';

const KEY = 'signpost-theme';
export type Theme = 'system' | 'light' | 'dark';

// Only for this tab: the theme that a person chose for this browser is kept.
if (linkTheme !== null) sessionStorage.setItem(KEY, linkTheme);

/** Applies a theme to the document. `system` follows the device. */
export function applyTheme(theme: Theme = readTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function readTheme(): Theme {
  const stored = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(readTheme);
  return [
    theme,
    (chosen) => {
      localStorage.setItem(KEY, chosen);
      sessionStorage.removeItem(KEY);
      applyTheme(chosen);
      setTheme(chosen);
    },
  ];
}
