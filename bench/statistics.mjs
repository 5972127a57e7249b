/** Quantiles, medians and the table. */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

export function median(values) {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** Medians of each figure over the rounds, with their spread. */
export function summarise(rounds) {
  const figures = {};
  for (const name of Object.keys(rounds[0])) {
    const values = rounds.map((round) => round[name]).sort((a, b) => a - b);
    figures[name] = { median: median(values), min: values[0], max: values.at(-1) };
  }
  return figures;
}

/** Prints medians with their spread, and each as a ratio to the reference subject's. */
export function printTable(scenario, subjects, reference) {
  console.log(`\n${scenario}`);
  const rows = {};
  for (const [subject, figures] of Object.entries(subjects)) {
    rows[subject] = {};
    for (const [name, { median: middle, min, max }] of Object.entries(figures)) {
      const base = subjects[reference]?.[name]?.median;
      const ratio = base ? `, ${(middle / base).toFixed(2)}x` : '';
      rows[subject][name] = `${round(middle)} (${round(min)}-${round(max)}${ratio})`;
    }
  }
  console.table(rows);
}

function round(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
