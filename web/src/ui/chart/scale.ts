/** About as many lines as a chart of its height has room for. */
const STEPS = 4;
const CHARACTER_PX = 6.6;
const GAP_PX = 28;

/**
 * Round values for the axis from 0 to at least `max`.
 *
 * @param isWhole - whether only whole numbers are shown, as for counts
 */
export function axisTicks(max: number, isWhole: boolean): number[] {
  const raw = Math.max(max, isWhole ? STEPS : Number.MIN_VALUE) / STEPS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const rounded = isWhole ? Math.max(1, Math.ceil(step)) : step;
  const last = Math.ceil(max / rounded || 1);
  return Array.from({ length: last + 1 }, (_, index) => index * rounded);
}

/** The indexes of the buckets whose labels have room below the axis. */
export function labelledBuckets(labels: readonly string[], bandPx: number): number[] {
  const widest = Math.max(0, ...labels.map((label) => label.length)) * CHARACTER_PX;
  const every = Math.max(1, Math.ceil((widest + GAP_PX) / bandPx));
  const first = Math.min(Math.ceil(widest / 2 / bandPx), labels.length - 1);
  const shown: number[] = [];
  for (let index = first; index * bandPx + widest / 2 <= labels.length * bandPx; index += every) shown.push(index);
  return shown;
}
