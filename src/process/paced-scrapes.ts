import type { Registry } from 'prom-client';
import { PacedRuns } from './paced-runs';

const SCRAPE_INTERVAL_MS = 200;

/**
 * Renders the metrics at a pace, for all callers that wait. A scrape needs no credential, so a
 * flood of them must cost no more than this.
 */
export function pacedScrapes(registry: Registry): PacedRuns<string> {
  return new PacedRuns(SCRAPE_INTERVAL_MS, () => registry.metrics());
}
