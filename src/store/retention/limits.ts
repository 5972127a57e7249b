import { expiredAt, type Expired, type RetentionDays } from '../../domain/retention';
import type { Executor } from '../db/database';

/** Decides what has expired, by the settings of the installation and those of products. */
export interface Limits {
  payload(ageDays: number): Expired;
  history(ageDays: number): Expired;
}

export async function readLimits(db: Executor, days: RetentionDays): Promise<Limits> {
  const { rows } = await db.query<{ id: string; payload: number | null; history: number | null }>({
    text: `select id, retention_payload_days as payload, retention_history_days as history from products
           where retention_payload_days is not null or retention_history_days is not null order by id`,
  });
  const overrides = (of: 'payload' | 'history') =>
    rows.flatMap(({ id, [of]: own }) => (own === null ? [] : [{ productId: id, days: own }]));
  const [payload, history] = [overrides('payload'), overrides('history')];
  return {
    payload: (ageDays) => expiredAt(ageDays, days.payload, payload),
    history: (ageDays) => expiredAt(ageDays, days.history, history),
  };
}

/** SQL: the rows of this product have expired. Rows without a product follow the installation. */
export function hasExpired({ but, products }: Expired, column: string): string {
  const list = `array[${products.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')}]::text[]`;
  return but ? `coalesce(${column} <> all (${list}), true)` : `coalesce(${column} = any (${list}), false)`;
}

/** Changes when another product's rows of the day expire. */
export const signatureOf = ({ but, products }: Expired) => `${but ? 'all but' : 'only'} ${products.join(' ')}`;
