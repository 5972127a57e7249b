/** What is to be undone at the end, whatever the end is: nothing that the bench started outlives it. */
const pending = new Set();

/**
 * Registers what undoes something. Register before the thing is begun, so that no moment lies between.
 *
 * @param undo - told whether there is no time to be kind
 * @returns undoes it now; once
 */
export function undoAtEnd(undo) {
  const entry = { undo };
  pending.add(entry);
  return async (now = false) => {
    if (pending.delete(entry)) await undo(now);
  };
}

/** Undoes all that is left, the latest first. A failure does not keep the rest from being undone. */
export async function undoAll(now = false) {
  for (const entry of [...pending].reverse()) {
    if (!pending.delete(entry)) continue;
    await Promise.resolve(entry.undo(now)).catch((error) => console.error(error.message));
  }
}

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (ending) return;
    ending = true;
    void undoAll(true).finally(() => process.exit(130));
  });
}

/** Whether a signal is ending the bench: what fails from then on is no news. */
export function isEnding() {
  return ending;
}
