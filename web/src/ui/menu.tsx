import { MoreHorizontal } from 'lucide-react';
import { cloneElement, useState, useTransition, type KeyboardEvent, type MouseEvent, type ReactElement } from 'react';
import { Button } from './button';
import type { MenuItem } from './open-menu';
import { useGiveUp } from './opening';
import { lazyInBackground } from './prefetch';

const OpenMenu = lazyInBackground(() => import('./open-menu'));

/** A menu of actions. Falsy items are left out, so that callers can write `allowed && item`. */
export function Menu({
  label,
  items,
  trigger = <Button variant="ghost" icon={MoreHorizontal} label={label} />,
}: {
  label: string;
  items: (MenuItem | false | undefined | null)[];
  trigger?: ReactElement<object>;
}) {
  /** What opened the menu first: until then, it is only a button. */
  const [opener, setOpener] = useState<'pointer' | 'key'>();
  // In a transition, so that the button stays until the menu is loaded.
  const [isLoading, startTransition] = useTransition();
  useGiveUp(isLoading, () => setOpener(undefined));
  const shown = items.filter((item): item is MenuItem => Boolean(item));
  if (shown.length === 0) return null;
  if (opener) return <OpenMenu items={shown} trigger={trigger} isByKey={opener === 'key'} />;
  const open = (by: 'pointer' | 'key') => startTransition(() => setOpener(by));
  return cloneElement(trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    // A click by a key has no count.
    onClick: ({ detail }: MouseEvent) => open(detail === 0 ? 'key' : 'pointer'),
    onKeyDown: ({ key }: KeyboardEvent) => key === 'ArrowDown' && open('key'),
  } as object);
}
