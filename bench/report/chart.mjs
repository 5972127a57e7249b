/** The chart: deliveries per second of each subject, as bars. */
import { round } from '../statistics.mjs';

const WIDTH = 720;
const LABEL_WIDTH = 110;
const VALUE_WIDTH = 70;
const BAR_HEIGHT = 22;
const GAP = 8;
const HEADING_HEIGHT = 34;
const COLOURS = { limit: '#94a3b8', signpost: '#2563eb' };
const OTHER_COLOUR = '#cbd5e1';

const GROUPS = [
  { scenario: 'closed', title: 'Closed loop of 32, one subscription: delivered/s' },
  { scenario: 'fanout', title: 'Closed loop of 32, fan-out of 10: delivered/s', table: 'fan-out of 10' },
];

/** @returns an SVG, or undefined if there is nothing to show */
export function chartSvg(results) {
  const parts = [];
  let y = 8;
  for (const { scenario, title, table = '' } of GROUPS) {
    const found = results[scenario]?.tables.find((candidate) => candidate.title.endsWith(table));
    if (!found) continue;
    const bars = Object.entries(found.rows).map(([row, figures]) => ({ row, ...figures['delivered/s'] }));
    const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / Math.max(...bars.map(({ max }) => max));
    parts.push(`<text x="0" y="${y + 16}" font-weight="600">${title}</text>`);
    y += HEADING_HEIGHT;
    for (const bar of bars) {
      parts.push(drawBar(bar, scale, y));
      y += BAR_HEIGHT + GAP;
    }
    y += GAP;
  }
  if (parts.length === 0) return undefined;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="system-ui, sans-serif" font-size="14" role="img" aria-label="Deliveries per second by subject">
<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

/** Draws the median as a bar and the spread as a line on it. */
function drawBar({ row, median, min, max }, scale, y) {
  const x = (value) => (LABEL_WIDTH + value * scale).toFixed(1);
  const middle = y + BAR_HEIGHT / 2;
  return `<text x="0" y="${middle + 5}">${row}</text>
<rect x="${LABEL_WIDTH}" y="${y}" width="${(median * scale).toFixed(1)}" height="${BAR_HEIGHT}" fill="${COLOURS[row] ?? OTHER_COLOUR}"/>
<line x1="${x(min)}" y1="${middle}" x2="${x(max)}" y2="${middle}" stroke="#0f172a" stroke-width="2"/>
<text x="${(Number(x(max)) + 8).toFixed(1)}" y="${middle + 5}">${round(median)}</text>`;
}
