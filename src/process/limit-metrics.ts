import { Counter, Gauge, type Registry } from 'prom-client';

/** What limits and quotas refused. Labels name the limit, never who met it. */
export interface LimitMetrics {
  limitRefused: Counter<'limit'>;
  quotaRefused: Counter<'quota'>;
  challengesInFlight: Gauge;
}

/** Registers the metrics of the limits on requests. */
export function createLimitMetrics(registry: Registry): LimitMetrics {
  const registers = [registry];
  return {
    limitRefused: new Counter({
      name: 'signpost_limit_refused_total',
      help: 'Requests that this process refused with 429, by limit.',
      labelNames: ['limit'],
      registers,
    }),
    quotaRefused: new Counter({
      name: 'signpost_quota_refused_total',
      help: 'Objects that were not created because their owner has as many as allowed, by quota.',
      labelNames: ['quota'],
      registers,
    }),
    challengesInFlight: new Gauge({
      name: 'signpost_challenges_in_flight',
      help: 'Challenges that this process waits for.',
      registers,
    }),
  };
}
