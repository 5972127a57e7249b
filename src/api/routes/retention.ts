import { z } from 'zod';
import type { RetentionDays } from '../../domain/retention';
import type { Database } from '../../store/db/database';
import { countKeptOpen, findLastRun, readSizes, readTables } from '../../store/retention/status';
import { route, type Route } from '../http/route';
import { timestamp } from '../schemas/schemas';

const status = z
  .object({
    days: z
      .object({ payload: z.int(), history: z.int(), eventIds: z.int(), audit: z.int() })
      .describe('Days that the installation keeps what; products may differ.'),
    tables: z.array(
      z.object({
        table: z.string(),
        partitions: z.int(),
        oldestDay: z.string().nullable().describe('First day with a partition, such as `2026-01-31`.'),
        ahead: z.int().describe('Partitions for days that have not begun.'),
        rowsInDefault: z.int().describe('Rows without a partition of their day, counted up to 100,000.'),
      }),
    ),
    bytes: z
      .record(z.string(), z.int())
      .describe('Space on disk by table, with partitions and indexes, largest first.'),
    openBeyondHistory: z
      .int()
      .describe('Open notifications that are older than the history. They are kept until they are closed.'),
    lastRun: z
      .object({
        finishedAt: timestamp,
        dropped: z.int().describe('Partitions that were dropped.'),
        rewritten: z.int().describe('Partitions from which payloads or rows were removed.'),
        postponed: z.string().nullable().describe('The locked partition at which the run ended; null if it completed.'),
      })
      .nullable()
      .describe('The last run of the daily maintenance; null before the first.'),
  })
  .meta({ id: 'Retention' });

/** What the installation keeps, and how much space it takes. */
export function retentionRoutes({ readDb, retention }: { readDb: Database; retention: RetentionDays }): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/retention',
      summary: 'Get what is kept for how long, and the space it takes',
      tag: 'Operations',
      roles: ['admin'],
      answers: { 200: { description: 'The state of retention', schema: status } },
      async handle() {
        const now = Date.now();
        const lastRun = await findLastRun(readDb);
        return {
          status: 200,
          body: {
            days: retention,
            tables: await readTables(readDb, now),
            bytes: await readSizes(readDb),
            openBeyondHistory: await countKeptOpen(readDb, retention.history, now),
            lastRun: lastRun && { ...lastRun, finishedAt: new Date(lastRun.finishedAt) },
          },
        };
      },
    }),
  ];
}
