import { uuidFloor } from '../../domain/ids';
import type { Executor } from './database';

const DAY_MS = 86_400_000;
const PARTITIONED = ['events', 'notifications', 'attempts'] as const;

/**
 * Creates the daily partitions of today and the days ahead. If the default partition already holds
 * rows of a day, because maintenance was late, that day stays there. Nothing is lost, but its rows
 * cannot be dropped as a partition.
 */
export async function ensurePartitions(db: Executor, daysAhead = 14, nowMs = Date.now()): Promise<void> {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  for (const table of PARTITIONED) {
    for (let day = 0; day <= daysAhead; day++) {
      const from = today + day * DAY_MS;
      const name = `${table}_${new Date(from).toISOString().slice(0, 10).replaceAll('-', '')}`;
      await createPartition(db, table, name, uuidFloor(from), uuidFloor(from + DAY_MS));
    }
  }
}

async function createPartition(db: Executor, table: string, name: string, from: string, to: string): Promise<void> {
  const text = `create table if not exists ${name} partition of ${table} for values from ('${from}') to ('${to}')`;
  try {
    await db.query({ text });
  } catch (error) {
    const { code } = error as { code?: string };
    // 23514: the default partition holds rows of that day. 42P07, 23505: another process created it
    // concurrently.
    if (code !== '23514' && code !== '42P07' && code !== '23505') throw error;
  }
}
