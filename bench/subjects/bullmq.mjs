/** A common alternative: Express, zod, and BullMQ, a queue in Redis. One job per receiver. */
import { Queue, Worker } from 'bullmq';
import express from 'express';
import { eventSchema, poster } from './common.mjs';

const CONCURRENCY = 64;
const { REDIS_PORT, RECEIVERS } = process.env;
const receivers = JSON.parse(RECEIVERS);
const connection = { host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null };
const queue = new Queue('deliveries', { connection, defaultJobOptions: { removeOnComplete: true } });
const post = poster();
const worker = new Worker('deliveries', ({ data: { url, event } }) => post(url, event), {
  connection,
  concurrency: CONCURRENCY,
});
await worker.waitUntilReady();

const app = express();
app.use(express.json());
app.post('/', async (request, response) => {
  const event = eventSchema.parse(request.body);
  await queue.addBulk(receivers.map((url) => ({ name: 'deliver', data: { url, event } })));
  response.status(202).json({});
});
const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
