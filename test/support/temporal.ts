import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { createClient, type Temporal } from '../../src/temporal/connection';
import { fromSetup } from './environment';

// Warnings of workers that tests shut down are noise.
Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR', () => undefined) });

/**
 * Address and namespace of the shared Temporal server. Tests are separated by task queues and
 * workflow ids.
 */
export function testTemporal(): { address: string; namespace: string } {
  return { address: fromSetup('temporal'), namespace: 'default' };
}

/** Connects to the shared Temporal server. */
export async function connectTestTemporal(): Promise<Temporal & { close(): Promise<void> }> {
  const { address, namespace } = testTemporal();
  const connection = await NativeConnection.connect({ address });
  return { connection, client: createClient(connection, namespace), namespace, close: () => connection.close() };
}

/** A task queue that no other test uses. */
export function uniqueTaskQueue(): string {
  return `test-${randomUUID()}`;
}

/**
 * Starts the time-skipping server, on which waits of hours take no time. The SDK gives it 5 s to
 * answer, which a loaded machine may miss, so it is started again for a minute.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path: fromSetup('testServer') } },
      });
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

/** The workflow bundle that the global setup built from the sources. */
export function workflowBundlePath(): string {
  return fromSetup('bundle');
}
