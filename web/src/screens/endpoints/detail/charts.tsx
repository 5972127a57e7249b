import type { ReactElement } from 'react';
import {
  Bar,
  BarChart,
  CartesianGrid,
  Legend,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { Deploy, Series } from '../../../api/types';
import { formatMilliseconds } from '../../../ui/time';
import { clockTime, dayTime, exactTime, useZone } from '../../../ui/zone';
import { DeployLines, LABEL_MARGIN } from '../../deploys/deploy-lines';
import styles from '../shared/endpoints.module.css';

const HEIGHT = 220;
const DAY_SECONDS = 86_400;

/** Attempts over time, by result. */
export function OutcomeChart({ series, deploys }: { series: Series; deploys: readonly Deploy[] }) {
  useZone();
  return (
    <div className={styles.chart}>
      <ResponsiveContainer width="100%" height={HEIGHT}>
        <BarChart
          data={series.buckets}
          margin={{ top: deploys.length > 0 ? LABEL_MARGIN : 8, right: 8, bottom: 0, left: -14 }}
          accessibilityLayer
        >
          {axes(series)}
          <YAxis allowDecimals={false} stroke="var(--text-3)" fontSize={12} tickLine={false} axisLine={false} />
          {tooltip()}
          {legend()}
          <Bar dataKey="successes" name="succeeded" stackId="outcome" fill="var(--chart-2)" isAnimationActive={false} />
          <Bar dataKey="failures" name="failed" stackId="outcome" fill="var(--chart-4)" isAnimationActive={false} />
          <DeployLines deploys={deploys} series={series} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

/** Response times: half of the attempts took at most p50, 95 % at most p95. */
export function TimingChart({ series, deploys }: { series: Series; deploys: readonly Deploy[] }) {
  useZone();
  return (
    <div className={styles.chart}>
      <ResponsiveContainer width="100%" height={HEIGHT}>
        <LineChart data={series.buckets} margin={{ top: 8, right: 8, bottom: 0, left: 0 }} accessibilityLayer>
          {axes(series)}
          <YAxis
            tickFormatter={formatMilliseconds}
            width={64}
            stroke="var(--text-3)"
            fontSize={12}
            tickLine={false}
            axisLine={false}
          />
          {tooltip((value) => formatMilliseconds(Number(value)))}
          {legend()}
          {(['p50', 'p95'] as const).map((name, index) => (
            <Line
              key={name}
              dataKey={`${name}Ms`}
              name={name}
              stroke={index === 0 ? 'var(--chart-1)' : 'var(--chart-3)'}
              strokeWidth={2}
              // Without a dot, a bucket between two empty ones would be invisible.
              dot={{ r: 2 }}
              isAnimationActive={false}
            />
          ))}
          <DeployLines deploys={deploys} series={series} isBands={false} hasLabels={false} />
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

function axes({ bucketSeconds, buckets }: Series): ReactElement[] {
  const long = bucketSeconds * buckets.length > DAY_SECONDS;
  return [
    <CartesianGrid key="grid" vertical={false} stroke="var(--border)" />,
    <XAxis
      key="x"
      dataKey="at"
      tickFormatter={long ? dayTime : clockTime}
      stroke="var(--text-3)"
      fontSize={12}
      minTickGap={40}
      tickLine={false}
    />,
  ];
}

function tooltip(format?: (value: unknown) => string): ReactElement {
  return (
    <Tooltip
      labelFormatter={(at) => exactTime(String(at))}
      formatter={format}
      contentStyle={{
        background: 'var(--surface)',
        border: '1px solid var(--border)',
        borderRadius: 8,
        color: 'var(--text)',
      }}
      itemStyle={{ color: 'var(--text)' }}
      cursor={{ fill: 'var(--surface-2)', stroke: 'var(--border-strong)' }}
      isAnimationActive={false}
    />
  );
}

function legend(): ReactElement {
  return (
    <Legend
      iconType="circle"
      iconSize={9}
      formatter={(text) => <span style={{ color: 'var(--text-2)' }}>{text}</span>}
    />
  );
}
