import { decodeId } from '../../domain/ids';
import { OWN_PRODUCT } from '../../domain/operational-events';
import type { EventType, Scope } from '../../domain/types';
import { LosslessJson } from '../../domain/lossless-json';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { PageSize } from '../db/page-size';

interface Row {
  name: string;
  product_id: string;
  description: string;
  schema: object | null;
  /** JSON text. */
  sample: string | null;
  archived: boolean;
  created_at: Date;
  modified_at: Date;
}

/**
 * A customer sees the types of its product. A customer that all products share sees the types of
 * all products.
 *
 * @param parameter - the placeholder of the customer's id
 */
const seenByCustomer = (parameter: string) =>
  `(${parameter}::text is null or exists (select from customers c where c.id = ${parameter} and coalesce(c.product_id, nullif(event_types.product_id, '${OWN_PRODUCT}')) = event_types.product_id))`;

const COLUMNS = 'name, product_id, description, schema, sample::text as sample, archived, created_at, modified_at';

function toEventType(row: Row): EventType {
  return {
    name: row.name,
    productId: row.product_id,
    description: row.description,
    schema: row.schema,
    sample: sampleOf(row),
    archived: row.archived,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

function sampleOf({ sample }: Pick<Row, 'sample'>): LosslessJson | null {
  return sample === null ? null : new LosslessJson(sample);
}

/**
 * Creates or changes an event type. A changed schema gets a new version, so that no process accepts
 * events by an old schema. An archived type becomes active again.
 *
 * @param type - its sample is JSON text
 * @returns undefined if the name belongs to another product
 */
export async function putEventType(
  db: Executor,
  type: Pick<EventType, 'name' | 'productId' | 'description' | 'schema'> & { sample: string | null },
): Promise<{ eventType: EventType; created: boolean } | undefined> {
  const { rows } = await db.query<Row & { created: boolean }>({
    text: `insert into event_types as t (name, product_id, description, schema, sample) values ($1, $2, $3, $4, $5)
           on conflict (name) do update set description = excluded.description, schema = excluded.schema, sample = excluded.sample, archived = false,
             version = t.version + (t.schema::text is distinct from excluded.schema::text)::int, modified_at = now()
             where t.product_id = excluded.product_id
           returning ${COLUMNS}, xmax = 0 as created`,
    values: [type.name, type.productId, type.description, type.schema && JSON.stringify(type.schema), type.sample],
  });
  return rows[0] && { eventType: toEventType(rows[0]), created: rows[0].created };
}

export async function findEventType(db: Executor, name: string, scope: Scope): Promise<EventType | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from event_types where name = $1 and ($2::text is null or product_id = $2) and ${seenByCustomer('$3')}`,
    values: [name, scope.productId ?? null, scope.customerId ?? null],
  });
  return rows[0] && toEventType(rows[0]);
}

/** Locks an event type until the end of the transaction, to change it. */
export async function lockEventType(db: Executor, name: string): Promise<EventType | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from event_types where name = $1 for no key update`,
    values: [name],
  });
  return rows[0] && toEventType(rows[0]);
}

/** Lists event types by name, ascending. A page of large ones is shorter. */
export async function listEventTypes(
  db: Executor,
  scope: Scope,
  filter: { productId?: string; archived?: boolean; q?: string },
  page: PageRequest,
): Promise<Page<EventType>> {
  const text = `select ${COLUMNS}, coalesce(octet_length(schema::text), 0) + coalesce(octet_length(sample::text), 0) as size from event_types
           where ($1::text is null or product_id = $1) and ($2::text is null or product_id = $2) and ($3::boolean is null or archived = $3)
             and ($4::text is null or name > $4) and ${seenByCustomer('$6')}
             and ($7::text is null or position(lower($7) in lower(name || ' ' || description)) > 0)
           order by name limit $5`;
  const size = new PageSize<Row & { size: number }>((row) => row.size);
  const rows = await size.read(page.limit + 1, async (count, last) => {
    const values = [
      scope.productId ?? null,
      filter.productId ?? null,
      filter.archived ?? null,
      last?.name ?? page.after ?? null,
      count,
      scope.customerId ?? null,
      filter.q ?? null,
    ];
    return (await db.query<Row & { size: number }>({ text, values })).rows;
  });
  return toPage(rows, page, toEventType, (row) => row.name, size.isReached);
}

export async function archiveEventType(db: Executor, name: string): Promise<EventType> {
  const { rows } = await db.query<Row>({
    text: `update event_types set archived = true, modified_at = now() where name = $1 returning ${COLUMNS}`,
    values: [name],
  });
  return toEventType(rows[0]!);
}

/**
 * @returns the names that are not in the catalog of a product; null means all products except
 *   Signpost's own
 */
export async function unknownEventTypes(
  db: Executor,
  names: readonly string[],
  productId: string | null,
): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({
    text: `select name from unnest($1::text[]) as wanted (name)
           where not exists (select from event_types t where t.name = wanted.name and t.product_id = coalesce($2, nullif(t.product_id, '${OWN_PRODUCT}')))`,
    values: [names, productId],
  });
  return rows.map((row) => row.name);
}

/** An event type that a subscription matches, and whether its product is enabled. */
export type TriggerableType = Pick<EventType, 'name' | 'productId' | 'schema' | 'sample'> & { productEnabled: boolean };

/**
 * Finds an event type that a subscription matches and that is not archived. A type that the
 * subscription names goes before one that only a pattern matches.
 *
 * @param name - finds this type only, if the subscription matches it
 */
export async function findTypeOfSubscription(
  db: Executor,
  subscriptionId: string,
  scope: Scope,
  name?: string,
): Promise<TriggerableType | undefined> {
  const { rows } = await db.query<Pick<Row, 'name' | 'product_id' | 'schema' | 'sample'> & { enabled: boolean }>({
    text: `select t.name, t.product_id, t.schema, t.sample::text as sample, p.enabled
           from subscription_states s
           join event_types t on (t.name = any (s.event_types) or t.name ~ s.event_type_regex) and not t.archived
             and t.product_id = coalesce(s.product_id, s.customer_product_id, nullif(t.product_id, '${OWN_PRODUCT}'))
           join products p on p.id = t.product_id
           where s.id = $1 and ($2::text is null or t.product_id = $2) and ($3::text is null or t.name = $3)
           order by t.name = any (s.event_types) desc, t.name limit 1`,
    values: [decodeId('sub', subscriptionId), scope.productId ?? null, name ?? null],
  });
  const row = rows[0];
  return (
    row && {
      name: row.name,
      productId: row.product_id,
      schema: row.schema,
      sample: sampleOf(row),
      productEnabled: row.enabled,
    }
  );
}

/**
 * Reads the schema that validates the data of an event type.
 *
 * @returns undefined if there is no such type
 */
export async function findSchema(
  db: Executor,
  eventType: string,
): Promise<{ productId: string; version: number; schema: object | null } | undefined> {
  const { rows } = await db.query<{ productId: string; version: number; schema: object | null }>({
    name: 'find-schema',
    text: 'select product_id as "productId", version, schema from event_types where name = $1',
    values: [eventType],
  });
  return rows[0];
}
