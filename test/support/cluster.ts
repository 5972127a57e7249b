import { Client as TemporalClient, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { decodeId } from '../../src/domain/ids';
import { notificationWorkflowId } from '../../src/domain/types';
import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import type { Database } from '../../src/store/db/database';
import { createTestDatabase, type TestDatabase } from './database';
import { fromSetup } from './environment';
import { QUICK_DELETION } from './quick-deletion';
import { startReceiver, type Receiver } from './receiver';
import { startService, tempDir, type ServiceOptions, type ServiceProcess } from './service';
import { until } from './until';

/**
 * What a test of whole processes needs. Temporal is shared by the file; the rest is new for each
 * test.
 */
export interface Cluster {
  temporal: RunningTemporal;
  /** Temporal's data directory. */
  temporalDir: string;
  database: TestDatabase;
  receiver: Receiver;
  /** Starts a service process. If it still runs when the test ends, it is killed. */
  start(options?: ServiceOptions): Promise<ServiceProcess>;
  /** Makes all open notifications overdue, so that the next sweep of the reconciler checks them. */
  makeOverdue(db?: Database): Promise<void>;
  statuses(ids: string[]): Promise<string[]>;
  /** Waits until all notifications have this status in the database. */
  reach(ids: string[], status: string): Promise<void>;
  /**
   * Expects that record, attempts and workflow of each notification agree.
   *
   * @param db - @default the cluster's
   */
  expectAgreement(ids: string[], db?: Database): Promise<void>;
}

/** Registers the hooks that start and stop a cluster around the tests of a file. */
export function useCluster(): Cluster {
  let services: ServiceProcess[] = [];
  const cluster: Partial<Cluster> & Omit<Cluster, 'temporal' | 'temporalDir' | 'database' | 'receiver'> = {
    async start(options) {
      const { database, temporal } = cluster as Cluster;
      const service = await startService({ databaseUrl: database.url, temporalAddress: temporal.address, ...options });
      services.push(service);
      return service;
    },
    async makeOverdue(db = (cluster as Cluster).database.db) {
      const text =
        "update notifications set claimed_until = null, reconcile_after = now() - interval '1 second' where reconcile_after is not null";
      await db.query({ text });
    },
    async statuses(ids) {
      const { rows } = await (cluster as Cluster).database.db.query<{ status: string }>({
        text: 'select status from notifications where id = any($1)',
        values: [ids.map((id) => decodeId('ntf', id))],
      });
      return rows.map(({ status }) => status);
    },
    async reach(ids, status) {
      await until(
        () => cluster.statuses(ids),
        (seen) => seen.length === ids.length && seen.every((one) => one === status),
        120_000,
      );
    },
    async expectAgreement(ids, db = (cluster as Cluster).database.db) {
      const connection = await Connection.connect({ address: (cluster as Cluster).temporal.address });
      const client = new TemporalClient({ connection });
      for (const id of ids) await expectOneAgrees(id, db, client);
      await connection.close();
    },
  };
  beforeAll(async () => {
    cluster.temporalDir = tempDir();
    cluster.temporal = await startTemporal(fromSetup('temporalCli'), cluster.temporalDir, 0, QUICK_DELETION);
  });
  afterAll(() => cluster.temporal?.stop());
  beforeEach(async () => {
    services = [];
    cluster.database = await createTestDatabase();
    cluster.receiver = await startReceiver();
  });
  afterEach(async () => {
    for (const service of services) await service.kill9();
    await cluster.receiver?.close();
    await cluster.database?.drop();
  });
  return cluster as Cluster;
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
  // A notification delivered by its head start needs no workflow if the process dies before
  // starting it.
  const mayBeMissing = status === 'delivered' && attempts === 1;
  if (workflow === 'NOT_FOUND' && mayBeMissing) return;
  expect(workflow).toBe(status === 'delivered' ? 'COMPLETED' : 'FAILED');
}

/** Waits for a workflow to close. @returns its status */
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
