import type { AuditActor, AuditFacts, Changes } from '../../domain/audit';
import { encodeId, newUuid, uuidFloor, uuidTime } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/** The object of an entry about a customer who is being or was erased. */
const ERASED = 'erased customer';
const IS_ERASED = 'r.customer_id is not null and concerned.id is null';

/** An action that is to be recorded. */
export interface AuditRecord extends AuditFacts {
  actor: AuditActor;
  action: string;
  object: string;
  /** How often it happened within the minute. @default 1 */
  occurrences?: number;
}

/**
 * Records who did what to which object. The facts contain names and ids, never secrets or payloads.
 */
export async function insertAudit(
  db: Executor,
  actor: AuditActor,
  action: string,
  object: string,
  facts: AuditFacts = {},
): Promise<void> {
  await insertAudits(db, [{ ...facts, actor, action, object }]);
}

/**
 * Records several actions in one statement. A customer who is being or was erased leaves no new
 * trace: no entry of theirs as the actor, and no ids or values in those of others.
 */
export async function insertAudits(db: Executor, records: readonly AuditRecord[]): Promise<void> {
  await db.query({
    text: `insert into audit (id, actor_id, actor_name, action, object, address, request_id, occurrences, customer_id, product_id, detail, changes)
           select r.id, r.actor_id, r.actor_name, r.action, case when ${IS_ERASED} then '${ERASED}' else r.object end,
             r.address, r.request_id, r.occurrences, concerned.id,
             coalesce(r.product_id, (select c.product_id from customers c where c.id = r.customer_id)),
             case when ${IS_ERASED} then '{}' else r.detail end, case when ${IS_ERASED} then '{}' else r.changes end
           from jsonb_to_recordset($1::jsonb) as r (id uuid, actor_id text, actor_name text, action text, object text, address text, request_id text,
             occurrences integer, customer_id text, product_id text, detail jsonb, changes jsonb, actor_customer_id text)
           left join customers concerned on concerned.id = r.customer_id and not concerned.erasing
           where r.actor_customer_id is null or exists (select from customers c where c.id = r.actor_customer_id and not c.erasing)`,
    values: [JSON.stringify(records.map(toRow), storable)],
  });
}

/** Replaces what `jsonb` refuses: NUL and lone surrogates. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '\ufffd') : value;
}

function toRow({ actor, action, object, customerId, productId, occurrences = 1, detail, changes }: AuditRecord) {
  return {
    id: newUuid(),
    actor_id: actor.id,
    actor_name: actor.name,
    action,
    object,
    address: actor.address,
    request_id: actor.requestId,
    occurrences,
    customer_id: customerId ?? actor.customerId,
    product_id: productId ?? actor.productId,
    detail: detail ?? {},
    changes: changes ?? {},
    actor_customer_id: actor.customerId,
  };
}

/** An entry of the audit log. */
export interface AuditEntry {
  id: string;
  at: Date;
  actorId: string;
  actorName: string;
  address: string | null;
  requestId: string | null;
  action: string;
  object: string;
  occurrences: number;
  productId: string | null;
  customerId: string | null;
  changes: Changes;
  detail: Record<string, unknown>;
}

interface Row {
  id: string;
  actor_id: string;
  actor_name: string;
  address: string | null;
  request_id: string | null;
  action: string;
  object: string;
  occurrences: number;
  product_id: string | null;
  customer_id: string | null;
  changes: Changes;
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

/**
 * Lists entries, newest first. A product sees the entries of its own credentials, and those about
 * its own objects and customers.
 */
export async function listAudit(
  db: Executor,
  scope: Scope,
  filter: AuditFilter,
  page: PageRequest,
): Promise<Page<AuditEntry>> {
  const { rows } = await db.query<Row>({
    text: `select id, actor_id, actor_name, address, request_id, action, object, occurrences, product_id, customer_id, changes, detail from audit
           where ($1::text[] is null or product_id = any ($1)) and ($2::text is null or actor_id = $2) and ($3::text is null or action = $3)
             and ($4::text is null or object = $4) and ($5::uuid is null or id >= $5) and ($6::uuid is null or id < $6) and ($7::uuid is null or id < $7)
           order by id desc limit $8`,
    values: [
      scope.productIds ?? null,
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
    at: uuidTime(row.id),
    actorId: row.actor_id,
    actorName: row.actor_name,
    address: row.address,
    requestId: row.request_id,
    action: row.action,
    object: row.object,
    occurrences: row.occurrences,
    productId: row.product_id,
    customerId: row.customer_id,
    changes: row.changes,
    detail: row.detail,
  };
}
