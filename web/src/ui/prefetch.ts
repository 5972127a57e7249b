import { lazy, useState, type ComponentType } from 'react';

type Load = () => Promise<unknown>;

const SIGNS_OF_USE = ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const;
/** Safari has no idle callbacks. */
const IDLE_TIMEOUT_MS = 200;
const whenIdle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, IDLE_TIMEOUT_MS));

let waiting: Load[] | undefined = [];

/**
 * A part that no screen shows at first, such as a dialog. It is loaded when somebody begins to use
 * the page and the browser is idle, or when it is shown. The first screen appears without it.
 */
export function lazyInBackground<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  if (waiting) waiting.push(load);
  else start(load);
  return lazy(load);
}

/**
 * Whether a part was ever open. Before that it need not be loaded, and after that it may still be
 * closing.
 */
export function useEverTrue(open: boolean): boolean {
  const [ever, setEver] = useState(open);
  if (open && !ever) setEver(true);
  return ever || open;
}

// A failure shows when the part is needed, and loaded again.
const start = (load: Load) => void whenIdle(() => void load().catch(() => undefined));

function startAll(): void {
  waiting?.forEach(start);
  waiting = undefined;
  for (const sign of SIGNS_OF_USE) removeEventListener(sign, startAll, true);
}
for (const sign of SIGNS_OF_USE) addEventListener(sign, startAll, { capture: true, passive: true });
