import { uuidFloor, uuidTimeMs } from '../../domain/ids';
import { DAY_MS } from './partition-catalog';

const WINDOW_DAYS = 7;

/** A week of ids. */
export interface Window {
  /** Part of the name of a prepared statement. */
  name: string;
  /** SQL: a column is in the week. */
  has: (column: string) => string;
}

const windows = new Map<number, Window>();

/**
 * The week of an id. A statement that contains its bounds as literals locks the partitions of this
 * week only, even when it is prepared and planned once: bounds in parameters exclude partitions
 * when it runs, after all of them were locked. There are few weeks, so there are few statements.
 */
export function windowOf(uuid: string): Window {
  const week = Math.floor(uuidTimeMs(uuid) / (WINDOW_DAYS * DAY_MS));
  let window = windows.get(week);
  if (!window) {
    const [from, to] = [week, week + 1].map((start) => uuidFloor(start * WINDOW_DAYS * DAY_MS));
    window = { name: String(week), has: (column) => `${column} >= '${from}' and ${column} < '${to}'` };
    windows.set(week, window);
  }
  return window;
}

/** The week before that of an id. */
export function windowBefore(uuid: string): Window {
  return windowOf(uuidFloor(uuidTimeMs(uuid) - WINDOW_DAYS * DAY_MS));
}

/** Groups ids by their week. */
export function byWindow<T>(items: readonly T[], uuidOf: (item: T) => string): Map<Window, T[]> {
  const groups = new Map<Window, T[]>();
  for (const item of items) {
    const window = windowOf(uuidOf(item));
    const group = groups.get(window);
    if (group) group.push(item);
    else groups.set(window, [item]);
  }
  return groups;
}

/**
 * Names and bounds a statement that is run often. Its text is built once for each week.
 *
 * @param name - name of the prepared statement
 * @param text - SQL, given the condition that `column` is in the week
 */
export function perWindow(
  name: string,
  text: (has: (column: string) => string) => string,
): (window: Window) => { name: string; text: string } {
  const built = new Map<Window, { name: string; text: string }>();
  return (window) => {
    let statement = built.get(window);
    if (!statement) built.set(window, (statement = { name: `${name}-${window.name}`, text: text(window.has) }));
    return statement;
  };
}

/**
 * Names and bounds a statement about one row.
 *
 * @param name - name of the prepared statement
 * @param id - id of the row; the caller knows that it exists
 * @param text - SQL, given the condition that `column` is in the week of the id
 */
export function inWindow(
  name: string,
  id: string,
  text: (has: (column: string) => string) => string,
): { name: string; text: string } {
  const window = windowOf(id);
  return { name: `${name}-${window.name}`, text: text(window.has) };
}
