import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import { createTestDatabase, type TestDatabase } from './database';
import { fromSetup } from './environment';
import { startReceiver, type Receiver } from './receiver';
import { ADMIN_KEY, startService, tempDir, type Answer, type ServiceProcess } from './service';
import { until } from './until';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- scenarios read bodies of any shape
type Body = any;

/** One built service and one receiver for all tests of a file, which build on each other. */
export interface Scenario {
  service: ServiceProcess;
  receiver: Receiver;
  /** A second database, configured as the data source `ledger`. */
  source: TestDatabase;
  call(method: string, route: string, body?: unknown, key?: string): Promise<Answer>;
  /** A call that must succeed. @returns its body */
  must(method: string, route: string, body?: unknown, key?: string): Promise<Body>;
  /** Waits until a notification has a status. @returns the notification */
  reaches(notificationId: string, status: string): Promise<Body>;
  /** Waits until the receiver has got `count` requests. @returns all its requests */
  received(count: number): Promise<Receiver['requests']>;
}

/** Registers the hooks of a scenario. The receiver's requests are cleared before each test. */
export function useScenario(): Scenario {
  const scenario: Partial<Scenario> = {};
  let temporal: RunningTemporal | undefined;
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    temporal = await startTemporal(fromSetup('temporalCli'), tempDir(), 0);
    database = await createTestDatabase();
    scenario.source = await createTestDatabase();
    scenario.receiver = await startReceiver();
    scenario.service = await startService({
      databaseUrl: database.url,
      temporalAddress: temporal.address,
      env: { SIGNPOST_DATASOURCE_LEDGER_URL: scenario.source.url },
    });
  });
  beforeEach(() => {
    scenario.receiver!.requests.length = 0;
    scenario.receiver!.answerWith(200);
  });
  afterAll(async () => {
    await scenario.service?.kill9();
    await scenario.receiver?.close();
    await scenario.source?.drop();
    await database?.drop();
    await temporal?.stop();
  });
  scenario.call = (method, route, body, key = ADMIN_KEY) => scenario.service!.call(method, route, body, key);
  scenario.must = async (method, route, body, key) => {
    const answer = await scenario.call!(method, route, body, key);
    if (answer.status >= 300) throw new Error(`${method} ${route} ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  scenario.reaches = (id, status) =>
    until(
      () => scenario.must!('GET', `/v1/notifications/${id}`),
      (seen) => seen.status === status,
    );
  scenario.received = async (count) => {
    await scenario.receiver!.waitFor(count);
    return scenario.receiver!.requests;
  };
  return scenario as Scenario;
}
