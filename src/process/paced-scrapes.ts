import { CONTENT_TYPES, metricsFormatOf, type MetricsFormat } from './metrics-format';
import type { MetricsRegistry } from './metrics-registry';
import { PacedRuns } from './paced-runs';

const SCRAPE_INTERVAL_MS = 200;

/** Metrics as a caller asked for them. */
export interface Scrape {
  text: string;
  contentType: string;
}

/**
 * Renders the metrics at a pace, for all callers that wait for the same format. A scrape needs no
 * credential, so a flood of them must cost no more than this.
 *
 * @returns a scrape for a header `Accept`
 */
export function pacedScrapes(registry: MetricsRegistry): (accept: string | undefined) => Promise<Scrape> {
  const runsOf = (format: MetricsFormat) => new PacedRuns(SCRAPE_INTERVAL_MS, () => registry.render(format));
  const runs = { text: runsOf('text'), openMetrics: runsOf('openMetrics') };
  return async (accept) => {
    const format = metricsFormatOf(accept);
    return { text: await runs[format].call(), contentType: CONTENT_TYPES[format] };
  };
}
