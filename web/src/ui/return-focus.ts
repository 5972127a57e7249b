import { useEffect, useRef } from 'react';

/**
 * Returns the focus to where it was before a panel opened. Radix does this only for panels with a
 * trigger of their own, and most of ours are opened by state.
 *
 * @param rowId - the row of a `DataTable` that the panel shows, which gets the focus back even if
 * another row opened the panel
 */
export function useReturnFocus(rowId?: string | null) {
  const opener = useRef<HTMLElement | null>(null);
  const lastRow = useRef<string>(undefined);
  useEffect(() => {
    if (rowId) lastRow.current = rowId;
  }, [rowId]);
  return {
    onOpenAutoFocus: () => void (opener.current = openerOf(document.activeElement)),
    onCloseAutoFocus(event: Event) {
      event.preventDefault();
      const row = lastRow.current && document.querySelector<HTMLElement>(rowSelector(lastRow.current));
      const target = row || (opener.current?.isConnected ? opener.current : document.getElementById('main'));
      target?.focus({ preventScroll: true });
    },
  };
}

const rowSelector = (id: string) => `tr[data-row="${CSS.escape(id)}"] :is(a, button)`;

/** A menu item disappears with its menu, so the menu's button stands for it. */
function openerOf(element: Element | null): HTMLElement | null {
  const trigger = element?.closest('[role=menu]')?.getAttribute('aria-labelledby');
  const opener = trigger ? document.getElementById(trigger) : element;
  return opener instanceof HTMLElement && opener !== document.body ? opener : null;
}
