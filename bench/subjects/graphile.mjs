/**
 * A common alternative: Express, zod, and graphile-worker, a queue in Postgres. One job per
 * receiver.
 */
import express from 'express';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { eventSchema, poster } from './common.mjs';

const CONCURRENCY = 32;
const { DATABASE_URL, RECEIVERS } = process.env;
const receivers = JSON.parse(RECEIVERS);
const pgPool = new pg.Pool({ connectionString: DATABASE_URL, max: CONCURRENCY + 4 });
const logger = new Logger(() => (level, message) => {
  if (level === 'error' || level === 'warning') console.error(message);
});
const utils = await makeWorkerUtils({ pgPool, logger });
await utils.migrate();
const post = poster();
await run({
  pgPool,
  logger,
  concurrency: CONCURRENCY,
  noHandleSignals: true,
  taskList: { deliver: ({ url, event }) => post(url, event) },
});

const app = express();
app.use(express.json());
app.post('/', async (request, response) => {
  const event = eventSchema.parse(request.body);
  await Promise.all(receivers.map((url) => utils.addJob('deliver', { url, event })));
  response.status(202).json({});
});
const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
