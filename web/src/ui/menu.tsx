import { MoreHorizontal, type LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button } from './button';

export interface MenuItem {
  text: string;
  icon?: LucideIcon;
  danger?: boolean;
  disabled?: boolean;
  onSelect(): void;
}

/** A menu of actions. Falsy items are left out, so that callers can write `allowed && item`. */
export function Menu({
  label,
  items,
  trigger,
}: {
  label: string;
  items: (MenuItem | false | undefined | null)[];
  trigger?: ReactNode;
}) {
  const shown = items.filter((item): item is MenuItem => Boolean(item));
  if (shown.length === 0) return null;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        {trigger ?? <Button variant="ghost" icon={MoreHorizontal} label={label} />}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          {shown.map(({ text, icon: Icon, danger, disabled, onSelect }) => (
            <DropdownMenu.Item
              key={text}
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
