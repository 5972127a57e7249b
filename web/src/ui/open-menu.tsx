import { Check, type LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { Fragment, type ReactElement } from 'react';

export interface MenuItem {
  text: string;
  icon?: LucideIcon;
  danger?: boolean;
  disabled?: boolean;
  /** Whether it is the chosen one of several. */
  chosen?: boolean;
  /** Begins a group: a line separates it from the item above. */
  separated?: boolean;
  onSelect(): void;
}

/**
 * A menu with its button, open at first. Loaded when a menu is first used.
 *
 * @param isByKey - whether a key opened it, which leads to the first item
 */
export default function OpenMenu({
  items,
  trigger,
  isByKey,
}: {
  items: readonly MenuItem[];
  trigger: ReactElement;
  isByKey: boolean;
}) {
  const focusFirst = isByKey ? (item: HTMLElement | null) => item?.focus() : undefined;
  return (
    <DropdownMenu.Root defaultOpen>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {items.map(({ text, icon: Icon, danger, disabled, chosen, separated, onSelect }, index) => (
            <Fragment key={text}>
              {separated && index > 0 && <DropdownMenu.Separator className="menu-separator" />}
              <DropdownMenu.Item
                ref={index === 0 ? focusFirst : undefined}
                className={danger ? 'menu-item menu-item-danger' : 'menu-item'}
                disabled={disabled}
                onSelect={onSelect}
                {...(chosen !== undefined && { role: 'menuitemradio', 'aria-checked': chosen })}
              >
                {Icon && <Icon size={16} aria-hidden />}
                {text}
                {chosen && <Check size={16} aria-hidden className="menu-check" />}
              </DropdownMenu.Item>
            </Fragment>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
