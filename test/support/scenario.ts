import { createTestDatabase, type TestDatabase } from './database';
import { startReceiver, type Receiver } from './receiver';
import { useService, type SharedService } from './use-service';

/** One built service and one receiver for all tests of a file, which build on each other. */
export interface Scenario extends SharedService {
  receiver: Receiver;
  /** A second database, configured as the data source `ledger`. */
  source: TestDatabase;
  /** Waits until the receiver has got `count` requests. @returns all its requests */
  received(count: number): Promise<Receiver['requests']>;
}

/** Registers the hooks of a scenario. The receiver's requests are cleared before each test. */
export function useScenario(): Scenario {
  let source: TestDatabase | undefined;
  let receiver: Receiver | undefined;
  beforeAll(async () => {
    source = await createTestDatabase();
    receiver = await startReceiver();
    Object.assign(scenario, { source, receiver });
  });
  const scenario = useService(() => ({ SIGNPOST_DATASOURCE_LEDGER_URL: source!.url })) as Scenario;
  beforeEach(() => {
    receiver!.requests.length = 0;
    receiver!.answerWith(200);
  });
  afterAll(async () => {
    await receiver?.close();
    await source?.drop();
  });
  scenario.received = async (count) => {
    await receiver!.waitFor(count);
    return receiver!.requests;
  };
  return scenario;
}
