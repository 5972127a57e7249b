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
  /** Whether it is checked, of several that may be. The menu stays open for the next one. */
  checked?: boolean;
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
  // What can be checked shows its effect beside the menu.
  const isModal = items.every(({ checked }) => checked === undefined);
  return (
    <DropdownMenu.Root defaultOpen modal={isModal}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {items.map(({ separated, ...item }, index) => (
            <Fragment key={item.text}>
              {separated && index > 0 && <DropdownMenu.Separator className="menu-separator" />}
              <Item {...item} firstRef={index === 0 ? focusFirst : undefined} />
            </Fragment>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Item({
  text,
  icon: Icon,
  danger,
  disabled,
  chosen,
  checked,
  onSelect,
  firstRef,
}: MenuItem & { firstRef: ((item: HTMLElement | null) => void) | undefined }) {
  const shared = { ref: firstRef, disabled, className: danger ? 'menu-item menu-item-danger' : 'menu-item' };
  if (checked !== undefined)
    return (
      <DropdownMenu.CheckboxItem
        {...shared}
        checked={checked}
        onCheckedChange={onSelect}
        onSelect={(event) => event.preventDefault()}
      >
        <span className="menu-box">{checked && <Check size={16} aria-hidden />}</span>
        {text}
      </DropdownMenu.CheckboxItem>
    );
  return (
    <DropdownMenu.Item
      {...shared}
      onSelect={onSelect}
      {...(chosen !== undefined && { role: 'menuitemradio', 'aria-checked': chosen })}
    >
      {Icon && <Icon size={16} aria-hidden />}
      {text}
      {chosen && <Check size={16} aria-hidden className="menu-check" />}
    </DropdownMenu.Item>
  );
}
