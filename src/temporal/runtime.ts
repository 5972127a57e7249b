import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { RepeatedLines } from '../process/repeated-lines';

/**
 * Warnings of Temporal's SDK about intended behaviour: an exhausted ladder closes its workflow as
 * Failed, and the slow lane runs activities only.
 */
const EXPECTED_WARNINGS = ['Workflow failed', 'No workflows registered'];

let runtimeInstalled = false;

/**
 * Sends the SDK's log to ours, each message at most once a minute. Disables its signal handlers:
 * this process shuts down in its own order.
 */
export function installRuntime(log: Logger): void {
  if (runtimeInstalled) return;
  runtimeInstalled = true;
  const repeated = new RepeatedLines();
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (EXPECTED_WARNINGS.some((expected) => message.startsWith(expected))) return;
    const suppressed = repeated.admit(`${level} ${message}`);
    if (suppressed === undefined) return;
    log[level === 'ERROR' ? 'error' : 'warn']({ temporal: meta, ...(suppressed > 0 && { suppressed }) }, message);
  });
  Runtime.install({
    shutdownSignals: [],
    logger,
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  });
}
