import { useSyncExternalStore, type ReactNode } from 'react';

/** In pixels. The first is also in the styles. */
const STEPS = [720, 1180, 1400];
const WIDER_THAN = STEPS.map((px) => matchMedia(`(width>${px}px)`));

function subscribe(listener: () => void): () => void {
  for (const query of WIDER_THAN) query.addEventListener('change', listener);
  return () => {
    for (const query of WIDER_THAN) query.removeEventListener('change', listener);
  };
}

/** How wide the screen is: 0 for a phone, 1 to 3 for wider ones. What has no room is not drawn. */
export function useScreenWidth(): number {
  return useSyncExternalStore(subscribe, () => WIDER_THAN.filter(({ matches }) => matches).length);
}

/** Draws something only on phones. */
export function OnPhone({ children }: { children: ReactNode }) {
  return useScreenWidth() === 0 && children;
}

/** Draws something on all screens but phones. */
export function OffPhone({ children }: { children: ReactNode }) {
  return useScreenWidth() > 0 && children;
}
