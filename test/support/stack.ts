import { Client as TemporalClient, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import type { Database } from '../../src/store/db/database';
import { createTestDatabase, type TestDatabase } from './database';
import { fromSetup } from './environment';
import { startReceiver, type Receiver } from './receiver';
import { startService, tempDir, type ServiceOptions, type ServiceProcess } from './service';
import { until } from './until';

/** All that a test of whole processes needs: a Temporal of its file's own, and a database, a receiver and services of its own. */
export interface Stack {
  temporal: RunningTemporal;
  /** Where it keeps its data. */
  temporalDir: string;
  database: TestDatabase;
  receiver: Receiver;
  /** Starts the service on this stack; it is killed when the test ends, if it still runs. */
  start(options?: ServiceOptions): Promise<ServiceProcess>;
  /** As if the time had come at which the relay doubts. */
  doubt(): Promise<void>;
  statuses(ids: string[]): Promise<string[]>;
  /** Waits until all are recorded so. */
  reach(ids: string[], status: string): Promise<void>;
  /** Expects that record, attempts and workflow tell the same of each. @param db - where not the stack's own */
  expectAgreement(ids: string[], db?: Database): Promise<void>;
}

/** Registers the hooks that bring a stack up and down around the tests of a file. */
export function useStack(): Stack {
  let services: ServiceProcess[] = [];
  const stack: Partial<Stack> & Omit<Stack, 'temporal' | 'temporalDir' | 'database' | 'receiver'> = {
    async start(options) {
      const { database, temporal } = stack as Stack;
      const service = await startService({ databaseUrl: database.url, temporalAddress: temporal.address, ...options });
      services.push(service);
      return service;
    },
    async doubt() {
      const text =
        "update notifications set claimed_until = null, reconcile_after = now() - interval '1 second' where reconcile_after is not null";
      await (stack as Stack).database.db.query({ text });
    },
    async statuses(ids) {
      const { rows } = await (stack as Stack).database.db.query<{ status: string }>({
        text: 'select status from notifications where id = any($1)',
        values: [ids.map((id) => decodeId('ntf', id))],
      });
      return rows.map(({ status }) => status);
    },
    async reach(ids, status) {
      await until(
        () => stack.statuses(ids),
        (seen) => seen.length === ids.length && seen.every((one) => one === status),
        60_000,
      );
    },
    async expectAgreement(ids, db = (stack as Stack).database.db) {
      const connection = await Connection.connect({ address: (stack as Stack).temporal.address });
      const client = new TemporalClient({ connection });
      for (const id of ids) await expectOneAgrees(id, db, client);
      await connection.close();
    },
  };
  beforeAll(async () => {
    stack.temporalDir = tempDir();
    stack.temporal = await startTemporal(fromSetup('temporalCli'), stack.temporalDir, 0);
  });
  afterAll(() => stack.temporal?.stop());
  beforeEach(async () => {
    services = [];
    stack.database = await createTestDatabase();
    stack.receiver = await startReceiver();
  });
  afterEach(async () => {
    for (const service of services) await service.kill9();
    await stack.receiver?.close();
    await stack.database?.drop();
  });
  return stack as Stack;
}

async function expectOneAgrees(id: string, db: Database, client: TemporalClient): Promise<void> {
  const { rows } = await db.query<{
    status: string;
    attempts: number;
    burst_id: string | null;
    numbers: number[];
    lastError: string | null;
  }>({
    text: `
      select n.status, n.attempt_count as attempts, n.burst_id, array_agg(a.number order by a.number) as numbers,
        (array_agg(a.error_class order by a.number desc))[1] as "lastError"
      from notifications n join attempts a on a.notification_id = n.id
      where n.id = $1 group by n.id, n.status, n.attempt_count, n.burst_id`,
    values: [decodeId('ntf', id)],
  });
  const { status, attempts, burst_id: burstId, numbers, lastError } = rows[0]!;
  expect(numbers).toEqual(Array.from({ length: attempts }, (_, index) => index + 1));
  expect(lastError !== null).toBe(status !== 'delivered');
  const workflow = await workflowStatus(client, burstId ?? notificationWorkflowId(id));
  // What was delivered by its head start needs no workflow any more, should the process die before it is started.
  const mayBeMissing = status === 'delivered' && attempts === 1;
  if (workflow === 'NOT_FOUND' && mayBeMissing) return;
  expect(workflow).toBe(status === 'delivered' ? 'COMPLETED' : 'FAILED');
}

/** How a workflow ended, once it has. */
function workflowStatus(client: TemporalClient, workflowId: string): Promise<string> {
  return until(
    async () => {
      try {
        return (await client.workflow.getHandle(workflowId).describe()).status.name;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
        throw error;
      }
    },
    (status) => status !== 'RUNNING',
  );
}
