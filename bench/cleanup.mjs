/** What is to be undone at the end, whatever the end is: nothing that the bench started outlives it. */
const pending = new Set();
let ending = false;

/**
 * Registers what undoes something. Register before the thing is begun, so that no moment lies between.
 *
 * @param undo - told whether there is no time to be kind
 * @returns undoes it now; once
 * @throws Error where the bench is being ended, so that nothing more is begun
 */
export function undoAtEnd(undo) {
  if (ending) throw new Error('The bench is being ended.');
  const once = (now = false) => (entry.done ??= (async () => undo(now))().finally(() => pending.delete(entry)));
  const entry = { once };
  pending.add(entry);
  return once;
}

/** Undoes all that is left, the latest first, and waits for what is being undone. A failure does not keep the rest from being undone. */
export async function undoAll(now = false) {
  for (const { once } of [...pending].reverse()) await once(now).catch((error) => console.error(error.message));
}

/** Ends the bench at once. What fails from now on, as when a server goes away under its clients, is no news. */
function end(exitCode) {
  if (ending) return;
  ending = true;
  void undoAll(true).finally(() => process.exit(exitCode));
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(130));
process.on('uncaughtException', (error) => {
  if (!ending) console.error(error);
  end(1);
});

/** Whether the bench is being ended before its work is done. */
export function isEnding() {
  return ending;
}
