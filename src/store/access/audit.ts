import { encodeId, newUuid, uuidFloor } from '../../domain/ids';
import type { Principal, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/**
 * Records who did what to which object. The detail contains names and ids, never secrets or
 * payloads.
 */
export async function insertAudit(
  db: Executor,
  principal: Principal,
  action: string,
  object: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await db.query({
    text: 'insert into audit (id, actor_id, actor_name, action, object, product_id, detail) values ($1, $2, $3, $4, $5, $6, $7)',
    values: [newUuid(), principal.id, principal.name, action, object, principal.productId, detail],
  });
}

/** An entry of the audit log. */
export interface AuditEntry {
  id: string;
  at: Date;
  actorId: string;
  actorName: string;
  action: string;
  object: string;
  productId: string | null;
  detail: Record<string, unknown>;
}

interface Row {
  id: string;
  at: Date;
  actor_id: string;
  actor_name: string;
  action: string;
  object: string;
  product_id: string | null;
  detail: Record<string, unknown>;
}

/** Filters the audit log. An absent field does not filter. */
export interface AuditFilter {
  actor?: string;
  action?: string;
  object?: string;
  since?: Date;
  until?: Date;
}

/** Lists entries, newest first. A product sees the entries of its own credentials. */
export async function listAudit(
  db: Executor,
  scope: Scope,
  filter: AuditFilter,
  page: PageRequest,
): Promise<Page<AuditEntry>> {
  const { rows } = await db.query<Row>({
    text: `select id, at, actor_id, actor_name, action, object, product_id, detail from audit
           where ($1::text is null or product_id = $1) and ($2::text is null or actor_id = $2) and ($3::text is null or action = $3)
             and ($4::text is null or object = $4) and ($5::uuid is null or id >= $5) and ($6::uuid is null or id < $6) and ($7::uuid is null or id < $7)
           order by id desc limit $8`,
    values: [
      scope.productId ?? null,
      filter.actor ?? null,
      filter.action ?? null,
      filter.object ?? null,
      filter.since ? uuidFloor(filter.since.getTime()) : null,
      filter.until ? uuidFloor(filter.until.getTime()) : null,
      page.after ?? null,
      page.limit + 1,
    ],
  });
  return toPage(rows, page, toEntry, (row) => row.id);
}

function toEntry(row: Row): AuditEntry {
  return {
    id: encodeId('aud', row.id),
    at: row.at,
    actorId: row.actor_id,
    actorName: row.actor_name,
    action: row.action,
    object: row.object,
    productId: row.product_id,
    detail: row.detail,
  };
}
