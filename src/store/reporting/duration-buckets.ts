/**
 * Buckets of durations on a logarithmic scale: each is 13 % wider than the one before, so a
 * percentile is accurate to 7 %. The longest timeout of 10 minutes is in bucket 106.
 */
const BUCKETS_PER_E = 8;

/** SQL: the bucket of a duration in milliseconds. */
export const bucketOf = (durationMs: string) => `floor(ln(greatest(${durationMs}, 1)) * ${BUCKETS_PER_E})::int`;

/** SQL: the duration in milliseconds that a bucket stands for. */
export const durationOf = (bucket: string) => `round(exp((${bucket} + 0.5) / ${BUCKETS_PER_E}.0))::int`;

/** The duration in milliseconds that a bucket stands for. */
const durationMsOf = (bucket: number) => Math.round(Math.exp((bucket + 0.5) / BUCKETS_PER_E));

/** Attempts in a bucket. */
export interface BucketCount {
  bucket: number;
  attempts: number;
}

/** Percentiles of durations in milliseconds; null without attempts. */
export interface Percentiles {
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

/** Computes the percentiles of counted durations. */
export function percentilesOf(counts: readonly BucketCount[]): Percentiles {
  const sorted = [...counts].sort((a, b) => a.bucket - b.bucket);
  const total = sorted.reduce((sum, { attempts }) => sum + attempts, 0);
  const at = (share: number) => {
    let upTo = 0;
    const found = sorted.find(({ attempts }) => (upTo += attempts) >= share * total);
    return found && total > 0 ? durationMsOf(found.bucket) : null;
  };
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
