import {
  ERASED_KINDS,
  ERASURE_PHASES,
  type ErasedCounts,
  type ErasedKind,
  type Erasure,
  type ErasurePhase,
  type ErasureStatus,
} from '../../domain/erasure';
import { decodeId, encodeId } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

export interface Row {
  id: string;
  product_id: string | null;
  status: ErasureStatus;
  phase: ErasurePhase;
  counts: ErasedCounts;
  created_at: Date;
  finished_at: Date | null;
}

export const COLUMNS = 'id, product_id, status, phase, counts, created_at, finished_at';

export function toErasure(row: Row): Erasure {
  const kinds = Object.keys(ERASED_KINDS) as ErasedKind[];
  return {
    id: encodeId('ers', row.id),
    productId: row.product_id,
    status: row.status,
    phase: row.phase,
    counts: Object.fromEntries(kinds.map((kind) => [kind, row.counts[kind] ?? 0])) as Record<ErasedKind, number>,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

/** Finds an erasure in scope: a product sees those of customers that it owned. */
export async function findErasure(
  db: Executor,
  id: string,
  scope: Pick<Scope, 'productIds'>,
): Promise<Erasure | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from erasures where id = $1 and ($2::text[] is null or product_id = any ($2))`,
    values: [decodeId('ers', id) ?? null, scope.productIds ?? null],
  });
  return rows[0] && toErasure(rows[0]);
}

/** Lists erasures in scope, newest first. */
export async function listErasures(
  db: Executor,
  scope: Pick<Scope, 'productIds'>,
  filter: { status?: ErasureStatus },
  page: PageRequest,
): Promise<Page<Erasure>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from erasures
           where ($1::text[] is null or product_id = any ($1)) and ($2::text is null or status = $2) and ($3::uuid is null or id < $3)
           order by id desc limit $4`,
    values: [scope.productIds ?? null, filter.status ?? null, page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toErasure, (row) => row.id);
}

/** Finds erasures without progress, for the reconciler. */
export async function findStalledErasures(db: Executor, olderThanSeconds: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from erasures where status = 'running' and progressed_at < now() - make_interval(secs => $1) order by progressed_at limit 100`,
    values: [olderThanSeconds],
  });
  return rows.map((row) => encodeId('ers', row.id));
}

/** What the next batch of an erasure works on. */
export interface ErasureTask {
  erasureId: string;
  customerId: string;
  /** The owner of the customer; null if all products shared the customer. */
  productId: string | null;
  phase: ErasurePhase;
  /** How long the phase has been going on, by the clock of Postgres. */
  phaseSeconds: number;
}

/**
 * Reads what to do next, and notes that somebody is doing it.
 *
 * @returns undefined if the erasure has finished
 */
export async function takeErasure(db: Executor, erasureId: string): Promise<ErasureTask | undefined> {
  const { rows } = await db.query<{
    customer_id: string;
    product_id: string | null;
    phase: ErasurePhase;
    seconds: number;
  }>({
    text: `update erasures set progressed_at = now() where id = $1 and status = 'running'
           returning customer_id, product_id, phase, extract(epoch from now() - phase_since)::float8 as seconds`,
    values: [decodeId('ers', erasureId) ?? null],
  });
  const row = rows[0];
  return (
    row && {
      erasureId,
      customerId: row.customer_id,
      productId: row.product_id,
      phase: row.phase,
      phaseSeconds: row.seconds,
    }
  );
}

/** Adds to the counts. Call it in the transaction that removes, so nothing is counted twice. */
export async function addCounts(db: Executor, erasureId: string, counts: ErasedCounts): Promise<void> {
  await db.query({
    text: `update erasures e set progressed_at = now(), counts = e.counts || coalesce((
             select jsonb_object_agg(kind, coalesce((e.counts ->> kind)::bigint, 0) + amount::bigint) from jsonb_each_text($2::jsonb) as t (kind, amount)
           ), '{}')
           where id = $1`,
    values: [decodeId('ers', erasureId), JSON.stringify(counts)],
  });
}

/** Goes on to the next phase, unless another execution has. */
export async function endPhase(db: Executor, { erasureId, phase }: ErasureTask): Promise<void> {
  await db.query({
    text: `update erasures set phase = $3, phase_since = clock_timestamp(), progressed_at = now() where id = $1 and phase = $2`,
    values: [decodeId('ers', erasureId), phase, ERASURE_PHASES[ERASURE_PHASES.indexOf(phase) + 1]],
  });
}
