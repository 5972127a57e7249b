import { Trans } from '@lingui/react/macro';
import { lazy, useState, type ComponentType } from 'react';
import { Button } from './button';

type Load = () => Promise<unknown>;

const SIGNS_OF_USE = ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const;
/** Safari has no idle callbacks. */
const IDLE_TIMEOUT_MS = 200;
const whenIdle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, IDLE_TIMEOUT_MS));

let waiting: Load[] | undefined = [];

/**
 * A part that no screen shows at first, such as a dialog. It is loaded when somebody begins to use
 * the page and the browser is idle, or when it is shown. The first screen appears without it. If it
 * cannot be loaded, the page stays as it is, with what was typed.
 */
export function lazyInBackground<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  if (waiting) waiting.push(load);
  else start(load);
  return lazy(() => load().catch(() => ({ default: NotLoaded })));
}

/** In place of a part whose file a deploy may have removed. Browsers do not load it again. */
function NotLoaded() {
  return (
    <div role="alert" className="not-loaded row">
      <span className="grow">
        <Trans>This part of the page could not be loaded. Copy what you entered, then reload the page.</Trans>
      </span>
      <Button small onClick={() => location.reload()}>
        <Trans>Reload</Trans>
      </Button>
    </div>
  );
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
