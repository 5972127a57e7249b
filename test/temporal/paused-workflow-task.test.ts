import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { loadConfig } from '../../src/config';
import type { Database } from '../../src/store/db/database';
import { startWorkers } from '../../src/worker';
import { activityDeps } from '../support/activity-deps';
import { connectTestTemporal, uniqueTaskQueue } from '../support/temporal';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signpost-paused-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function bundlePausing(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../support/pausing-workflow'),
    logger: new DefaultLogger('ERROR'),
  });
  const bundlePath = path.join(directory, 'bundle.js');
  writeFileSync(bundlePath, code);
  return bundlePath;
}

it('a workflow task that is paused for 6 s goes on afterwards, since to end it can abort the process', async () => {
  const temporal = await connectTestTemporal();
  const taskQueue = uniqueTaskQueue();
  const workers = await startWorkers(activityDeps({ db: {} as Database }), {
    temporal,
    shutdownGraceSeconds: 5,
    lanes: loadConfig({}).lanes,
    taskQueue,
    workflowBundlePath: await bundlePausing(),
  });
  try {
    const handle = await temporal.client.workflow.start('pausing', {
      taskQueue,
      workflowId: taskQueue,
      // The pause and a busy machine must not reach it.
      workflowTaskTimeout: '60 s',
      workflowRunTimeout: '120 s',
    });
    expect(await handle.result()).toBe('ended');
  } finally {
    await workers.shutdown();
    await temporal.close();
  }
});
