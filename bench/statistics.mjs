/** Quantiles, medians and the printed table. */

/** @param sorted - ascending */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/** @param values - in any order @returns quantiles by name, as in `{ p50, p99 }` */
export function quantiles(values, wanted = { p50: 0.5, p99: 0.99 }) {
  const sorted = [...values].sort((a, b) => a - b);
  return Object.fromEntries(Object.entries(wanted).map(([name, q]) => [name, quantile(sorted, q)]));
}

/** For an even number of values, the mean of the middle two. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}

/**
 * Median and spread of each figure over the rounds. Figures that could not be measured are left
 * out.
 */
export function summarise(rounds) {
  const figures = {};
  for (const name of Object.keys(rounds[0])) {
    const values = rounds.map((round) => round[name]).filter(Number.isFinite);
    if (values.length > 0)
      figures[name] = { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  }
  return figures;
}

/** Prints a table of medians, each with its spread and its ratio to the reference row. */
export function printTable({ title, rows, reference }) {
  console.log(`\n${title}`);
  const shown = {};
  for (const [row, figures] of Object.entries(rows)) {
    shown[row] = Object.fromEntries(
      Object.keys(figures).map((name) => [name, formatFigure(rows, row, name, reference)]),
    );
  }
  console.table(shown);
}

/** Formats a figure as `123 (110-130, 0.80x)`. */
export function formatFigure(rows, row, name, reference) {
  const figure = rows[row]?.[name];
  if (!figure) return '';
  const { median: middle, min, max } = figure;
  const base = row === reference ? undefined : rows[reference]?.[name]?.median;
  const notes = [min === max ? '' : `${round(min)}-${round(max)}`, base ? `${(middle / base).toFixed(2)}x` : ''];
  const text = notes.filter(Boolean).join(', ');
  return text ? `${round(middle)} (${text})` : round(middle);
}

export function round(value) {
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
