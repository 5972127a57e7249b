import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import { createTestDatabase, type TestDatabase } from './database';
import { fromSetup } from './environment';
import { QUICK_DELETION } from './quick-deletion';
import { startService, tempDir, type Answer, type ServiceProcess } from './service';
import { until } from './until';

/** One built service for all tests of a file, with its own Temporal and database. */
export interface SharedService extends ServiceProcess {
  database: TestDatabase;
  /** Waits until a notification has a status. @returns the notification */
  reaches(notificationId: string, status: string): Promise<Answer['body']>;
}

/**
 * Registers the hooks that start and stop a service around the tests of a file.
 *
 * @param env - more settings for the service, read after Temporal has started
 * @returns the service, usable once the hooks have run
 */
export function useService(env: (temporal: RunningTemporal) => Record<string, string> = () => ({})): SharedService {
  const service = {} as SharedService;
  let temporal: RunningTemporal | undefined;
  let database: TestDatabase | undefined;
  let started: ServiceProcess | undefined;
  beforeAll(async () => {
    temporal = await startTemporal(fromSetup('temporalCli'), tempDir(), 0, QUICK_DELETION);
    database = await createTestDatabase();
    started = await startService({
      databaseUrl: database.url,
      temporalAddress: temporal.address,
      env: env(temporal),
    });
    Object.assign(service, started, { database });
  }, 240_000);
  afterAll(async () => {
    await started?.kill9();
    await database?.drop();
    await temporal?.stop();
  });
  service.reaches = (id, status) =>
    until(
      () => service.must('GET', `/v1/notifications/${id}`),
      (seen) => seen.status === status,
    );
  return service;
}
