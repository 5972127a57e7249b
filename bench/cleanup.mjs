/** Cleanup steps for every way the bench can end, so that nothing it started outlives it. */
const pending = new Set();
let ending = false;

/**
 * Registers a cleanup step. Register it before the start of what it undoes, so that a signal in
 * between cannot leave anything behind.
 *
 * @param undo - called with true if it must not take long
 * @returns a function that runs the step now; later calls do nothing
 * @throws Error if the bench is ending, so that nothing more is started
 */
export function undoAtEnd(undo) {
  if (ending) throw new Error('The bench is ending.');
  const once = (now = false) => (entry.done ??= (async () => undo(now))().finally(() => pending.delete(entry)));
  const entry = { once };
  pending.add(entry);
  return once;
}

/** Runs all remaining steps, the latest first, including those after one that fails. */
export async function undoAll(now = false) {
  for (const { once } of [...pending].reverse()) await once(now).catch((error) => console.error(error.message));
}

/**
 * Ends the bench immediately. Later errors, such as those of clients whose server stops, are not
 * reported.
 */
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

/** Whether the bench was interrupted and is ending. */
export function isEnding() {
  return ending;
}
