import type { Deploy } from '../../api/types';
import { usePlotArea } from '../../ui/chart/plot';
import { exactTime } from '../../ui/zone';
import { placeDeploys, placeOf } from './placing';
import styles from './deploys.module.css';

/** Room for labels above the bars. */
export const LABEL_MARGIN = 22;
const LABEL_OFFSET = 4;

/**
 * Lines at the times of deploys, for a child of a chart.
 *
 * @param hasLabels - whether the versions are beside the lines
 */
export function DeployLines({
  deploys,
  series: { buckets, bucketSeconds },
  hasLabels = true,
}: {
  deploys: readonly Deploy[];
  series: { buckets: readonly { at: string }[]; bucketSeconds: number };
  hasLabels?: boolean;
}) {
  const plot = usePlotArea();
  if (!plot || buckets.length === 0) return null;
  const span = { startMs: Date.parse(buckets[0]!.at), bucketMs: bucketSeconds * 1000, buckets: buckets.length };
  return (
    <g>
      {placeDeploys(deploys, placeOf(span, plot), plot).map(({ x, deploys: here, label, side }) => (
        <g key={here[0]!.id}>
          <title>{here.map(({ version, at }) => `${version}, ${exactTime(at)}`).join('\n')}</title>
          <line
            x1={x}
            x2={x}
            y1={plot.y - (hasLabels ? LABEL_MARGIN - 8 : 0)}
            y2={plot.y + plot.height}
            className={styles.line}
          />
          {hasLabels && side && (
            <text
              x={side === 'right' ? x + LABEL_OFFSET : x - LABEL_OFFSET}
              y={plot.y - 5}
              textAnchor={side === 'right' ? 'start' : 'end'}
              className={styles.label}
            >
              {label}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}
