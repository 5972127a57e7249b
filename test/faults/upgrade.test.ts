import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client } from 'pg';
import { notificationWorkflowId } from '../../src/domain/types';
import { useCluster } from '../support/cluster';
import { ofBuild, setCurrent } from '../support/deployment';
import { onboard, type ServiceProcess } from '../support/service';
import { until } from '../support/until';
import { verdictOf } from '../support/verdict';

/** Workers of two builds, with Worker Deployment Versioning. More is in long/upgrade.test.ts. */
const cluster = useCluster();

const startWorker = (buildId: string) => cluster.start({ env: { ...ofBuild(buildId), SIGNPOST_ROLE: 'worker' } });
const startApi = () => cluster.start({ env: { ...ofBuild('1'), SIGNPOST_ROLE: 'api' } });

/** Makes the build of a new worker current, and stops the worker of the build before. */
async function replaceWorker(before: ServiceProcess, buildId: string): Promise<ServiceProcess> {
  const worker = await startWorker(buildId);
  await setCurrent(cluster.temporal.address, buildId);
  expect(await before.stop()).toBe(0);
  return worker;
}

/**
 * The build whose worker ran the last workflow task of a notification. A delivery is recorded
 * before that task ends.
 */
function buildOf(notificationId: string): Promise<string | null | undefined> {
  return until(
    () => latestBuildOf(notificationId),
    (build) => typeof build === 'string',
  );
}

async function latestBuildOf(notificationId: string): Promise<string | null | undefined> {
  const connection = await Connection.connect({ address: cluster.temporal.address });
  try {
    const { raw } = await new TemporalClient({ connection }).workflow
      .getHandle(notificationWorkflowId(notificationId))
      .describe();
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
  } finally {
    await connection.close();
  }
}

/** Notifications in every phase of their lives, and what brings them on. */
async function openInEveryPhase(api: ServiceProcess) {
  const { receiver } = cluster;
  const answer: (() => void)[] = [];
  let withheld = true;
  receiver.answerWith(({ path, headers }) => {
    if (path === '/delivering' && withheld)
      return new Promise((resolve) => answer.push(() => resolve({ status: 200 })));
    return { status: path === '/once' && headers['signpost-attempt'] === '1' ? 500 : 200 };
  });
  const post = async (customer: Awaited<ReturnType<typeof onboard>>, count: number) =>
    (await Promise.all(Array.from({ length: count }, () => customer.post()))).flat();
  const enable = (enabled: boolean, ...customers: { subscriptionId: string }[]) =>
    Promise.all(
      customers.map(({ subscriptionId }) => api.must('PATCH', `/v1/subscriptions/${subscriptionId}`, { enabled })),
    );
  const paused = await onboard(api, receiver.url('/paused'));
  const settling = await onboard(api, receiver.url('/settling'), { rateLimitPerSecond: 10 });
  await enable(false, paused, settling);
  const [waiting, released] = [await post(paused, 3), await post(settling, 30)];
  const held = [...waiting, ...released];
  await cluster.reach(held, 'held');
  const retrying = await post(await onboard(api, receiver.url('/once'), { timeoutSeconds: 60, retrySchedule: [8] }), 3);
  await cluster.reach(retrying, 'retrying');
  const inLine = await post(await onboard(api, receiver.url('/line'), { rateLimitPerSecond: 2 }), 10);
  const delivering = [
    ...(await post(await onboard(api, receiver.url('/delivering'), { timeoutSeconds: 15 }), 2)),
    ...(await post(await onboard(api, receiver.url('/delivering'), { timeoutSeconds: 60 }), 2)),
  ];
  await until(
    async () => answer.length,
    (count) => count >= delivering.length,
  );
  await enable(true, settling);
  const pending = await post(await onboard(api, receiver.url('/pending'), { timeoutSeconds: 60 }), 3);
  return {
    ids: [...held, ...retrying, ...inLine, ...delivering, ...pending],
    /** Held until `resume`. */
    paused: waiting,
    /** Answers the attempts in flight. */
    answer() {
      withheld = false;
      for (const one of answer) one();
    },
    resume: () => enable(true, paused),
  };
}

/** Everything was delivered, each attempt was made once, and no workflow had to be replaced. */
async function expectDeliveredOnce(ids: string[], workers: ServiceProcess[]): Promise<void> {
  await cluster.reach(ids, 'delivered');
  const database = new Client({ connectionString: cluster.database.url });
  await database.connect();
  const { counts } = await verdictOf(database, cluster.receiver.requests, []);
  await database.end();
  expect(counts).toMatchObject({ accepted: ids.length, delivered: ids.length, duplicated: 0, lost: 0 });
  expect(counts.requests).toBe(counts.recorded);
  for (const worker of workers) expect(worker.output()).not.toMatch(/TMPRL1100|nondeterminism|replaced by a new run/i);
}

it('a rolling upgrade and a rollback deliver the notifications of every phase once', async () => {
  const first = await startWorker('1');
  await setCurrent(cluster.temporal.address, '1');
  const api = await startApi();
  const before = await openInEveryPhase(api);
  setTimeout(before.answer, 1000);
  const second = await replaceWorker(first, '2');
  await before.resume();
  await expectDeliveredOnce(before.ids, [first, second]);
  expect(await buildOf(before.paused[0]!)).toBe('2');

  const after = await openInEveryPhase(api);
  setTimeout(after.answer, 1000);
  const third = await replaceWorker(second, '1');
  await after.resume();
  await expectDeliveredOnce([...before.ids, ...after.ids], [second, third]);
  expect(await buildOf(after.paused[0]!)).toBe('1');
}, 240_000);
