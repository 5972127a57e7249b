import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import { createTestDatabase, type TestDatabase } from './database';
import { fromSetup } from './environment';
import { startReceiver, type Receiver } from './receiver';
import { ADMIN_KEY, startService, tempDir, type Answer, type ServiceProcess } from './service';
import { until } from './until';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- stories look into bodies of any shape
type Body = any;

/** A built service that the tests of a file tell one story on, with a receiver of the customer's. */
export interface Story {
  service: ServiceProcess;
  receiver: Receiver;
  /** A database beside the service's own, as a data source. */
  source: TestDatabase;
  call(method: string, route: string, body?: unknown, key?: string): Promise<Answer>;
  /** A call that must succeed. @returns its body */
  must(method: string, route: string, body?: unknown, key?: string): Promise<Body>;
  /** Waits until a notification has a status. @returns it as it is then */
  reaches(notificationId: string, status: string): Promise<Body>;
  /** Waits until the receiver has so many requests. @returns all of them */
  received(count: number): Promise<Receiver['requests']>;
}

/** Registers the hooks that bring it all up and down around the tests of a file. What the receiver got is forgotten between tests. */
export function useStory(): Story {
  const story: Partial<Story> = {};
  let temporal: RunningTemporal | undefined;
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    temporal = await startTemporal(fromSetup('temporalCli'), tempDir(), 0);
    database = await createTestDatabase();
    story.source = await createTestDatabase();
    story.receiver = await startReceiver();
    story.service = await startService({
      databaseUrl: database.url,
      temporalAddress: temporal.address,
      env: { SIGNPOST_DATASOURCE_LEDGER_URL: story.source.url },
    });
  });
  beforeEach(() => {
    story.receiver!.requests.length = 0;
    story.receiver!.answerWith(200);
  });
  afterAll(async () => {
    await story.service?.kill9();
    await story.receiver?.close();
    await story.source?.drop();
    await database?.drop();
    await temporal?.stop();
  });
  story.call = (method, route, body, key = ADMIN_KEY) => story.service!.call(method, route, body, key);
  story.must = async (method, route, body, key) => {
    const answer = await story.call!(method, route, body, key);
    if (answer.status >= 300) throw new Error(`${method} ${route} ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  story.reaches = (id, status) =>
    until(
      () => story.must!('GET', `/v1/notifications/${id}`),
      (seen) => seen.status === status,
    );
  story.received = async (count) => {
    await story.receiver!.waitFor(count);
    return story.receiver!.requests;
  };
  return story as Story;
}
