import { formatMilliseconds } from './time';

const GOOD = 0.99;
const FAIR = 0.9;

/** How a success rate is to be shown. */
export function toneOf(rate: number | null): 'ok' | 'warn' | 'bad' | undefined {
  if (rate === null) return undefined;
  return rate >= GOOD ? 'ok' : rate >= FAIR ? 'warn' : 'bad';
}

/**
 * A share as a percentage: `100 %`, or with one decimal, rounded down, so that it is never 100 if
 * something failed.
 */
export function formatRate(rate: number | null): string {
  if (rate === null) return '–';
  return rate === 1 ? '100 %' : `${(Math.floor(rate * 1000) / 10).toFixed(1)} %`;
}

/** A success rate in a table. */
export function SuccessRate({ rate }: { rate: number | null }) {
  if (rate === null) return <span className="muted">–</span>;
  return <span className={rate < FAIR ? 'num text-bad' : 'num'}>{formatRate(rate)}</span>;
}

/** A response time in a table. */
export function ResponseTime({ ms }: { ms: number | null }) {
  return ms === null ? <span className="muted">–</span> : <span className="num">{formatMilliseconds(ms)}</span>;
}
