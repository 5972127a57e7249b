/**
 * The floor: one bare workflow per event, with one local activity that sends the POST. Workflows
 * are started eagerly on the worker's connection.
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent } from 'undici';

const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, RECEIVERS } = process.env;
const [receiver] = JSON.parse(RECEIVERS);
const { origin, pathname } = new URL(receiver);
const agent = new Agent({ connections: 64 });
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
const client = new Client({ connection, namespace: TEMPORAL_NAMESPACE });
const here = path.dirname(fileURLToPath(import.meta.url));
const worker = await Worker.create({
  connection,
  namespace: TEMPORAL_NAMESPACE,
  taskQueue: 'floor',
  workflowsPath: createRequire(import.meta.url).resolve(path.join(here, 'floor-workflow.cjs')),
  enableNonLocalActivities: false,
  maxCachedWorkflows: 500,
  activities: {
    async post(key) {
      const response = await agent.request({
        origin,
        path: pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'webhook-id': key },
        body: JSON.stringify({ key }),
      });
      await response.body.dump();
    },
  },
});
void worker.run();

/** The most that the server handles without falling behind; more make it slower. */
const CONCURRENCY = 16;
const queue = [];
let running = 0;
function pump() {
  while (running < CONCURRENCY && queue.length > 0) {
    const key = queue.shift();
    running += 1;
    client.workflow
      .execute('floor', { taskQueue: 'floor', workflowId: `floor/${key}`, args: [key], requestEagerStart: true })
      .catch((error) => console.error(error.message))
      .finally(() => {
        running -= 1;
        pump();
      });
  }
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  queue.push(JSON.parse(Buffer.concat(chunks).toString('utf8')).key);
  response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
  pump();
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
