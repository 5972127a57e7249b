import { t } from '@lingui/core/macro';
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { exactTime, useZone } from '../zone';
import { Bars, Curve, type Series } from './marks';
import { PlotContext, type Plot } from './plot';
import { axisTicks, labelledBuckets } from './scale';
import styles from './time-chart.module.css';

const AXIS_HEIGHT = 24;
const RIGHT = 8;

interface Props<B> {
  /** Says what the chart shows, for example `Attempts per minute`. */
  label: string;
  buckets: readonly B[];
  /** Stacked, the first at the bottom. */
  bars?: readonly Series<B>[];
  lines?: readonly Series<B>[];
  /** Of the chart with its axes, without the legend, in pixels. */
  height: number;
  /** The room for the values at the left, in pixels. */
  left?: number;
  /** The room above the plot, in pixels. */
  top?: number;
  formatAt(at: string): string;
  /** Absent: the values are counts. */
  formatValue?(value: number): string;
  /** Called with a bucket that is clicked, or chosen with Enter. */
  onPick?(bucket: B): void;
  /** Drawn over the series. */
  children?: ReactNode;
}

/**
 * Values over time, as stacked bars and lines. The pointer or the arrow keys choose a bucket, whose
 * values a tooltip shows.
 */
export function TimeChart<B extends { at: string }>(props: Props<B>) {
  const { label, buckets, bars = [], lines = [], height, left = 40, top = 8, onPick } = props;
  const [frame, width] = useWidth();
  const [active, setActive] = useState<number>();
  /** On a touch screen, the first tap shows the values and only the next one picks the bucket. */
  const picks = useRef(true);
  useZone();
  const plot = {
    x: left,
    y: top,
    width: Math.max(0, width - left - RIGHT),
    height: Math.max(0, height - top - AXIS_HEIGHT),
  };
  const at = ({ clientX, currentTarget }: PointerEvent | React.MouseEvent): number | undefined => {
    const x = clientX - currentTarget.getBoundingClientRect().left - plot.x;
    const index = Math.floor((x / plot.width) * buckets.length);
    return buckets[index] && index;
  };
  const shown = active === undefined ? undefined : buckets[active];
  return (
    <figure className={styles.chart}>
      <div
        ref={frame}
        className={onPick ? `${styles.frame} ${styles.picks}` : styles.frame}
        data-chart
        role="application"
        aria-label={t`${label}. The arrow keys move through the times.`}
        tabIndex={0}
        style={{ height }}
        onPointerMove={(event) => setActive(at(event))}
        onPointerDown={(event) => (picks.current = event.pointerType !== 'touch' || at(event) === active)}
        onPointerLeave={() => setActive(undefined)}
        onBlur={() => setActive(undefined)}
        onKeyDown={(event) => setActive(moved(event, active, buckets.length))}
        onKeyUp={(event) => event.key === 'Enter' && shown && onPick?.(shown)}
        onClick={(event) => {
          const index = at(event);
          setActive(index);
          if (picks.current && index !== undefined) onPick?.(buckets[index]!);
        }}
      >
        {width > 0 && <Drawing {...props} bars={bars} lines={lines} width={width} plot={plot} active={active} />}
        {shown && (
          <Tooltip
            series={[...bars, ...lines]}
            bucket={shown}
            format={props.formatValue}
            x={plot.x + ((active! + 0.5) / buckets.length) * plot.width}
            width={width}
          />
        )}
      </div>
      <figcaption className={styles.legend}>
        {[...bars, ...lines].map(({ name, color }) => (
          <span key={name}>
            <Swatch color={color} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** The width of an element, in pixels; 0 until it is in the document. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current!;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [frame, width] as const;
}

/** The bucket that a key leads to. */
function moved(event: KeyboardEvent, active: number | undefined, count: number): number | undefined {
  const last = count - 1;
  const targets: Record<string, number | undefined> = {
    ArrowLeft: Math.max(0, (active ?? count) - 1),
    ArrowRight: Math.min(last, (active ?? -1) + 1),
    Home: 0,
    End: last,
    Escape: undefined,
  };
  if (!(event.key in targets)) return active;
  event.preventDefault();
  return targets[event.key];
}

function Drawing<B extends { at: string }>({
  buckets,
  bars,
  lines,
  height,
  width,
  plot,
  active,
  formatAt,
  formatValue,
  children,
}: Props<B> & { bars: readonly Series<B>[]; lines: readonly Series<B>[]; width: number; plot: Plot; active?: number }) {
  const values = buckets.flatMap((bucket) => [
    bars.reduce((sum, { value }) => sum + (value(bucket) ?? 0), 0),
    ...lines.map(({ value }) => value(bucket) ?? 0),
  ]);
  const ticks = axisTicks(Math.max(0, ...values), formatValue === undefined);
  const yOf = (value: number) => plot.y + plot.height * (1 - value / ticks.at(-1)!);
  const band = plot.width / buckets.length;
  const labels = buckets.map(({ at }) => formatAt(at));
  const scale = { x: plot.x, band, yOf };
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden className={styles.svg}>
      {active !== undefined && (
        <rect x={plot.x + active * band} y={plot.y} width={band} height={plot.height} className={styles.cursor} />
      )}
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={plot.x} x2={plot.x + plot.width} y1={yOf(tick)} y2={yOf(tick)} className={styles.grid} />
          <text x={plot.x - 8} y={yOf(tick) + 4} textAnchor="end">
            {formatValue ? formatValue(tick) : compactCount(tick)}
          </text>
        </g>
      ))}
      {labelledBuckets(labels, band).map((index) => (
        <text key={index} x={plot.x + (index + 0.5) * band} y={height - 6} textAnchor="middle">
          {labels[index]}
        </text>
      ))}
      <Bars series={bars} buckets={buckets} scale={scale} />
      {lines.map((line) => (
        <Curve key={line.name} series={line} buckets={buckets} scale={scale} />
      ))}
      <PlotContext value={plot}>{children}</PlotContext>
    </svg>
  );
}

const compactCount = (value: number): string =>
  value < 10_000 ? value.toLocaleString('en') : value.toLocaleString('en', { notation: 'compact' });

function Tooltip<B extends { at: string }>({
  series,
  bucket,
  format = (value) => value.toLocaleString('en'),
  x,
  width,
}: {
  series: readonly Series<B>[];
  bucket: B;
  format?(value: number): string;
  x: number;
  /** Of the chart. */
  width: number;
}) {
  const side = x < width / 2 ? { left: x + 12 } : { right: width - x + 12 };
  return (
    <div className={styles.tooltip} style={side} role="status" data-chart-tooltip>
      <div>{exactTime(bucket.at)}</div>
      {series.map(({ name, color, value }) => {
        const shown = value(bucket);
        return shown === null ? null : (
          <div key={name}>
            <Swatch color={color} />
            <span className="grow">{name}</span>
            <span className="num">{format(shown)}</span>
          </div>
        );
      })}
    </div>
  );
}

function Swatch({ color }: { color: string }) {
  return (
    <svg width="9" height="9" aria-hidden className={styles.swatch}>
      <circle cx="4.5" cy="4.5" r="4.5" fill={color} />
    </svg>
  );
}
