import { Bar, CartesianGrid, ComposedChart, Legend, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Overview } from '../../api/types';
import { utc } from '../../ui/time';

const HEIGHT = 260;
const SERIES = [
  { key: 'delivered', name: 'delivered', color: 'var(--chart-2)' },
  { key: 'retrying', name: 'will retry', color: 'var(--chart-3)' },
  { key: 'failed', name: 'failed', color: 'var(--chart-4)' },
] as const;

/** Accepted notifications as a line over the results of attempts as stacked bars. */
export default function TrafficChart({ overview: { buckets } }: { overview: Overview }) {
  const clock = (at: string) =>
    new Date(at).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false });
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <ComposedChart data={buckets} margin={{ top: 8, right: 8, bottom: 0, left: -14 }} accessibilityLayer>
        <CartesianGrid vertical={false} stroke="var(--border)" />
        <XAxis
          dataKey="at"
          tickFormatter={clock}
          stroke="var(--text-3)"
          fontSize={12}
          minTickGap={40}
          tickLine={false}
        />
        <YAxis allowDecimals={false} stroke="var(--text-3)" fontSize={12} tickLine={false} axisLine={false} />
        <Tooltip
          labelFormatter={(at) => utc(String(at)).slice(0, 16)}
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
          dataKey="accepted"
          name="accepted"
          stroke="var(--chart-1)"
          strokeWidth={2}
          dot={false}
          isAnimationActive={false}
        />
      </ComposedChart>
    </ResponsiveContainer>
  );
}
