import { Fragment } from 'react';

/** One colour of a chart. */
export interface Series<B> {
  name: string;
  color: string;
  /** null: there is no value, and a line has a gap. */
  value(bucket: B): number | null;
  /** Whether a line has a dot at each value: one between two gaps would be invisible. */
  dots?: boolean;
}

interface Scale {
  x: number;
  /** The width of a bucket in pixels. */
  band: number;
  yOf(value: number): number;
}

interface Marks<B> {
  buckets: readonly B[];
  scale: Scale;
}

/** Stacked bars. */
export function Bars<B extends { at: string }>({
  series,
  buckets,
  scale: { x, band, yOf },
}: Marks<B> & { series: readonly Series<B>[] }) {
  const gap = Math.min(band * 0.12, 3);
  return buckets.map((bucket, index) => {
    let sum = 0;
    return (
      <Fragment key={bucket.at}>
        {series.map(({ name, color, value }) => {
          const from = sum;
          sum += value(bucket) ?? 0;
          return sum === from ? null : (
            <rect
              key={name}
              x={x + index * band + gap}
              y={yOf(sum)}
              width={Math.max(1, band - 2 * gap)}
              height={yOf(from) - yOf(sum)}
              fill={color}
            />
          );
        })}
      </Fragment>
    );
  });
}

/** A line with gaps where there is no value. */
export function Curve<B>({
  series: { color, value, dots = false },
  buckets,
  scale: { x, band, yOf },
}: Marks<B> & { series: Series<B> }) {
  const points = buckets.map((bucket, index) => {
    const shown = value(bucket);
    return shown === null ? undefined : { x: x + (index + 0.5) * band, y: yOf(shown) };
  });
  const path = points
    .map((point, index) => point && `${points[index - 1] ? 'L' : 'M'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`)
    .filter(Boolean)
    .join('');
  return (
    <>
      <path d={path} fill="none" stroke={color} strokeWidth={2} strokeLinejoin="round" />
      {dots && points.map((point) => point && <circle key={point.x} cx={point.x} cy={point.y} r={2.5} fill={color} />)}
    </>
  );
}
