/** Finds figures in results, and compares them. */

/** @returns the figure's `{ median, min, max }`, or undefined if it was not measured */
export function figure(results, scenario, title, row, name) {
  const table = results[scenario]?.tables.find((candidate) => candidate.title.startsWith(title));
  const found = table && Object.entries(table.rows).find(([candidate]) => candidate.startsWith(row));
  return found?.[1][name];
}

/** @returns a figure divided by the median of another */
export function ratio(value, base) {
  if (!value || !base) return undefined;
  return { median: value.median / base.median, min: value.min / base.median, max: value.max / base.median };
}
