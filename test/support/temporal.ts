import { randomUUID } from 'node:crypto';
import { IllegalStateError } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { createClient, type Temporal } from '../../src/temporal/connection';
import { fromSetup } from './environment';

try {
  // Warnings of workers that tests shut down are noise.
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR', () => undefined) });
} catch (error) {
  // The SDK lives as long as the process, so an earlier test file may have installed it.
  if (!(error instanceof IllegalStateError)) throw error;
}

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
 * Starts the time-skipping server, on which waits of hours take no time. The server must answer
 * within 5 s, which a loaded machine may miss once, so the start is tried twice.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const start = () =>
    TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: fromSetup('testServer') } },
    });
  return start().catch(start);
}

/** The workflow bundle that the global setup built from the sources. */
export function workflowBundlePath(): string {
  return fromSetup('bundle');
}
