const CHARACTER_PX = 6.5;
const GAP_PX = 6;
/** Lines that are closer than this are one. */
const SAME_LINE_PX = 5;
const MAX_LABEL = 18;

/** The properties of a deploy that place it. */
interface Marked {
  version: string;
  at: string;
}

/** A line of a chart: the deploys at a place, and whether their label has room. */
export interface DeployLine<Deploy extends Marked> {
  x: number;
  deploys: Deploy[];
  label: string;
  /** On which side of the line the label is; undefined: there is no room for it. */
  side: 'left' | 'right' | undefined;
}

/**
 * Places deploys in a chart. Deploys of almost the same time share a line. A label covers neither
 * another one nor a line: the list below the chart names all deploys.
 *
 * @param xOf - the place of a time in pixels; undefined outside of the chart
 * @param plot - the left edge and the width of the chart's area
 */
export function placeDeploys<Deploy extends Marked>(
  deploys: readonly Deploy[],
  xOf: (atMs: number) => number | undefined,
  plot: { x: number; width: number },
): DeployLine<Deploy>[] {
  const lines: DeployLine<Deploy>[] = [];
  for (const deploy of [...deploys].reverse()) {
    const x = xOf(Date.parse(deploy.at));
    const last = lines.at(-1);
    if (x === undefined) continue;
    if (last && x - last.x < SAME_LINE_PX) last.deploys.push(deploy);
    else lines.push({ x, deploys: [deploy], label: '', side: undefined });
  }
  // From the newest, which people look for first.
  let takenFrom = plot.x + plot.width;
  for (const [index, line] of [...lines.entries()].reverse()) {
    line.label = labelOf(line.deploys);
    const width = line.label.length * CHARACTER_PX + GAP_PX;
    const [before, after] = [lines[index - 1]?.x ?? plot.x, lines[index + 1]?.x ?? takenFrom];
    if (line.x + width <= Math.min(after, takenFrom)) line.side = 'right';
    else if (line.x - width >= before && line.x <= takenFrom) line.side = 'left';
    if (line.side) takenFrom = line.side === 'right' ? line.x : line.x - width;
  }
  return lines;
}

function labelOf(deploys: readonly Marked[]): string {
  const { version } = deploys.at(-1)!;
  const text = version.length > MAX_LABEL ? `${version.slice(0, MAX_LABEL - 1)}…` : version;
  return deploys.length === 1 ? text : `${text} +${deploys.length - 1}`;
}

/** The time span of a chart. */
export interface ChartSpan {
  startMs: number;
  bucketMs: number;
  buckets: number;
}

/** The place of a time in a chart, in which each bucket has a band. */
export function placeOf(
  { startMs, bucketMs, buckets }: ChartSpan,
  plot: { x: number; width: number },
): (atMs: number) => number | undefined {
  return (atMs) => {
    const at = (atMs - startMs) / bucketMs;
    if (at < 0 || at >= buckets) return undefined;
    return plot.x + (plot.width * at) / buckets;
  };
}
