import { t } from '@lingui/core/macro';
import { Bar, CartesianGrid, ComposedChart, Legend, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { useNavigate } from 'react-router';
import type { Deploy, Overview } from '../../api/types';
import { clockTime, exactTime, useZone } from '../../ui/zone';
import { DeployLines, LABEL_MARGIN } from '../deploys/deploy-lines';

const HEIGHT = 260;
const SERIES = [
  { key: 'delivered', name: t`delivered`, color: 'var(--chart-2)' },
  { key: 'retrying', name: t`will retry`, color: 'var(--chart-3)' },
  { key: 'failed', name: t`failed`, color: 'var(--chart-4)' },
] as const;

/** Accepted notifications as a line over the results of attempts as stacked bars. */
export default function TrafficChart({
  overview: { buckets, bucketSeconds },
  deploys,
}: {
  overview: Overview;
  deploys: readonly Deploy[];
}) {
  const navigate = useNavigate();
  useZone();
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <ComposedChart
        data={buckets}
        margin={{ top: deploys.length > 0 ? LABEL_MARGIN : 8, right: 8, bottom: 0, left: -14 }}
        accessibilityLayer
        className="chart-link"
        onClick={({ activeLabel }) => {
          if (activeLabel !== undefined) void navigate(logsOf(String(activeLabel), bucketSeconds));
        }}
      >
        <CartesianGrid vertical={false} stroke="var(--border)" />
        <XAxis
          dataKey="at"
          tickFormatter={clockTime}
          stroke="var(--text-3)"
          fontSize={12}
          minTickGap={40}
          tickLine={false}
        />
        <YAxis allowDecimals={false} stroke="var(--text-3)" fontSize={12} tickLine={false} axisLine={false} />
        <Tooltip
          labelFormatter={(at) => exactTime(String(at))}
          contentStyle={{
            background: 'var(--surface)',
            border: '1px solid var(--border)',
            borderRadius: 8,
            color: 'var(--text)',
          }}
          itemStyle={{ color: 'var(--text)' }}
          cursor={{ fill: 'var(--surface-2)' }}
          isAnimationActive={false}
        />
        <Legend
          iconType="circle"
          iconSize={9}
          formatter={(text) => <span style={{ color: 'var(--text-2)' }}>{text}</span>}
        />
        {SERIES.map(({ key, name, color }) => (
          <Bar key={key} dataKey={key} name={name} stackId="outcome" fill={color} isAnimationActive={false} />
        ))}
        <Line
          dataKey={t`accepted`}
          name={t`accepted`}
          stroke="var(--chart-1)"
          strokeWidth={2}
          dot={false}
          isAnimationActive={false}
        />
        <DeployLines deploys={deploys} series={{ buckets, bucketSeconds }} />
      </ComposedChart>
    </ResponsiveContainer>
  );
}

/** The notifications that were accepted in a bucket. */
function logsOf(at: string, bucketSeconds: number): string {
  const until = new Date(Date.parse(at) + bucketSeconds * 1000).toISOString();
  return `/logs?${new URLSearchParams({ period: 'between', since: at, until })}`;
}
