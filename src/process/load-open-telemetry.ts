import type { TracingConfig } from '../config/tracing-settings';
import type { OpenTelemetry } from './open-telemetry';

/**
 * Loads the SDK of OpenTelemetry if traces are on. Without a collector, nobody pays for the time
 * and the memory that it takes.
 *
 * @returns undefined if traces are off
 */
export function loadOpenTelemetry({
  tracing,
  role,
}: {
  tracing?: TracingConfig;
  role: string;
}): OpenTelemetry | undefined {
  if (!tracing) return undefined;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded on demand
  const { startOpenTelemetry } = require('./open-telemetry') as typeof import('./open-telemetry');
  return startOpenTelemetry(tracing, role);
}
