/**
 * The element that has the focus, or that had it and was removed or disabled; then its ancestors.
 */
let last: HTMLElement[] = [];

function remember(): void {
  const { activeElement } = document;
  last = [];
  for (let at = activeElement; at instanceof HTMLElement && at !== document.body; at = at.parentElement) last.push(at);
}

/**
 * Browsers drop the focus when the element that has it is removed or disabled. People who use a
 * keyboard or a screen reader then lose their place.
 */
function restore(): void {
  const [element] = last;
  const main = document.getElementById('main');
  // Panels and menus keep and return the focus themselves.
  if (!element || document.activeElement !== document.body || !main || !last.includes(main)) return;
  if (element.isConnected) {
    // A button that works is disabled meanwhile.
    if (!element.matches(':disabled')) element.focus({ preventScroll: true });
    return;
  }
  for (const place of last) {
    const target = place.isConnected && standsFor(place);
    if (target) return focusOn(target);
  }
}

/** Of a search bar, its first control; of another section, its list or its heading. */
function standsFor(place: HTMLElement): HTMLElement | null {
  if (place.role === 'search') return place.querySelector<HTMLElement>('input:enabled, select:enabled, button:enabled');
  return (
    place.querySelector<HTMLElement>('.table-frame, h1, h2, h3') ?? (place.hasAttribute('tabindex') ? place : null)
  );
}

function focusOn(target: HTMLElement): void {
  if (!target.hasAttribute('tabindex') && /^H\d$/.test(target.tagName)) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/** Keeps the focus on the screen, from the first call on. */
export function keepFocus(): () => void {
  const observer = new MutationObserver(restore);
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] });
  addEventListener('focusin', remember);
  // A click on nothing gives up the focus. A button that has it already gets no event.
  addEventListener('click', remember, true);
  return () => {
    observer.disconnect();
    removeEventListener('focusin', remember);
    removeEventListener('click', remember, true);
  };
}
