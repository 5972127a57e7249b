/** Looks figures up in results, and says how they stand to each other. */

/** @returns the figure's `{ median, min, max }`, or `undefined` where it was not taken */
export function figure(results, scenario, title, row, name) {
  const table = results[scenario]?.tables.find((candidate) => candidate.title.startsWith(title));
  const found = table && Object.entries(table.rows).find(([candidate]) => candidate.startsWith(row));
  return found?.[1][name];
}

/** One figure as a share of another's median. */
export function ratio(value, base) {
  if (!value || !base) return undefined;
  return { median: value.median / base.median, min: value.min / base.median, max: value.max / base.median };
}
