import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { RepeatedLines } from '../process/repeated-lines';
import { SdkMetrics } from './sdk-metrics';

/**
 * Warnings of Temporal's SDK about intended behaviour: an exhausted ladder closes its workflow as
 * Failed, and the slow lane runs activities only.
 */
const EXPECTED_WARNINGS = ['Workflow failed', 'No workflows registered'];

let installed: { sdkMetrics: SdkMetrics | undefined } | undefined;

/**
 * Sends the SDK's log to ours, each message at most once a minute. Disables its signal handlers:
 * this process shuts down in its own order. A process has one runtime.
 *
 * @returns the metrics of the SDK, if a port was free for them
 */
export function installRuntime(log: Logger): SdkMetrics | undefined {
  if (installed) return installed.sdkMetrics;
  const repeated = new RepeatedLines();
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (EXPECTED_WARNINGS.some((expected) => message.startsWith(expected))) return;
    const suppressed = repeated.admit(`${level} ${message}`);
    if (suppressed === undefined) return;
    log[level === 'ERROR' ? 'error' : 'warn']({ temporal: meta, ...(suppressed > 0 && { suppressed }) }, message);
  });
  const install = (bindAddress?: string) => {
    const prometheus = bindAddress && {
      bindAddress,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
    };
    Runtime.install({
      shutdownSignals: [],
      logger,
      telemetryOptions: {
        logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
        ...(prometheus && { metrics: { prometheus } }),
      },
    });
  };
  const sdkMetrics = SdkMetrics.openWith(install);
  if (!sdkMetrics) {
    log.warn('no loopback port was free for the metrics of the Temporal SDK; they are missing from /metrics');
    install();
  }
  installed = { sdkMetrics };
  return sdkMetrics;
}
