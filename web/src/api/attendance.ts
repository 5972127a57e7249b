/** Without a key, a click or a touch for this long, nobody is at the page. */
const ATTENDED_MS = 60_000;

let lastInputAt = Date.now();
for (const type of ['keydown', 'pointerdown', 'pointermove', 'wheel'])
  addEventListener(type, () => (lastInputAt = Date.now()), { capture: true, passive: true });

/**
 * Whether somebody uses the page. Screens refresh themselves, and these calls must not keep a
 * session alive that everybody has left.
 */
export const isAttended = (): boolean => Date.now() - lastInputAt < ATTENDED_MS;
