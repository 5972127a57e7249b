import type { LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactElement } from 'react';

export interface MenuItem {
  text: string;
  icon?: LucideIcon;
  danger?: boolean;
  disabled?: boolean;
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
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          {items.map(({ text, icon: Icon, danger, disabled, onSelect }, index) => (
            <DropdownMenu.Item
              key={text}
              ref={index === 0 ? focusFirst : undefined}
              className={danger ? 'menu-item menu-item-danger' : 'menu-item'}
              disabled={disabled}
              onSelect={onSelect}
            >
              {Icon && <Icon size={16} aria-hidden />}
              {text}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
