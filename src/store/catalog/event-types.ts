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
  requires: string[];
  search_keys: string[];
  archived: boolean;
  created_at: Date;
  modified_at: Date;
}

/**
 * A customer sees the types of its product whose required capabilities it has. A customer that all
 * products share sees those of all products.
 *
 * @param parameter - the placeholder of the customer's id
 */
const seenByCustomer = (parameter: string) =>
  `(${parameter}::text is null or exists (select from customers c where c.id = ${parameter} and coalesce(c.product_id, nullif(event_types.product_id, '${OWN_PRODUCT}')) = event_types.product_id and c.capabilities @> event_types.requires))`;

const COLUMNS =
  'name, product_id, description, schema, sample::text as sample, requires, search_keys, archived, created_at, modified_at';

function toEventType(row: Row): EventType {
  return {
    name: row.name,
    productId: row.product_id,
    description: row.description,
    schema: row.schema,
    sample: sampleOf(row),
    requires: row.requires,
    searchKeys: row.search_keys,
    archived: row.archived,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

function sampleOf({ sample }: Pick<Row, 'sample'>): LosslessJson | null {
  return sample === null ? null : new LosslessJson(sample);
}

/**
 * Creates or changes an event type. A changed schema or other search keys get a new version, so
 * that no process accepts events by old ones. An archived type becomes active again.
 *
 * @param type - its sample is JSON text
 * @returns undefined if the name belongs to another product
 */
export async function putEventType(
  db: Executor,
  type: Pick<EventType, 'name' | 'productId' | 'description' | 'schema' | 'requires' | 'searchKeys'> & {
    sample: string | null;
  },
): Promise<{ eventType: EventType; created: boolean } | undefined> {
  const { rows } = await db.query<Row & { created: boolean }>({
    text: `insert into event_types as t (name, product_id, description, schema, sample, requires, search_keys) values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (name) do update set description = excluded.description, schema = excluded.schema, sample = excluded.sample, requires = excluded.requires, search_keys = excluded.search_keys, archived = false,
             version = t.version + (t.schema::text is distinct from excluded.schema::text or t.search_keys <> excluded.search_keys)::int, modified_at = now()
             where t.product_id = excluded.product_id
           returning ${COLUMNS}, xmax = 0 as created`,
    values: [
      type.name,
      type.productId,
      type.description,
      type.schema && JSON.stringify(type.schema),
      type.sample,
      type.requires,
      type.searchKeys,
    ],
  });
  return rows[0] && { eventType: toEventType(rows[0]), created: rows[0].created };
}

export async function findEventType(db: Executor, name: string, scope: Scope): Promise<EventType | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from event_types where name = $1 and ($2::text[] is null or product_id = any ($2)) and ${seenByCustomer('$3')}`,
    values: [name, scope.productIds ?? null, scope.customerId ?? null],
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
           where ($1::text[] is null or product_id = any ($1)) and ($2::text is null or product_id = $2) and ($3::boolean is null or archived = $3)
             and ($4::text is null or name > $4) and ${seenByCustomer('$6')}
             and ($7::text is null or position(lower($7) in lower(name || ' ' || description)) > 0)
           order by name limit $5`;
  const size = new PageSize<Row & { size: number }>((row) => row.size);
  const rows = await size.read(page.limit + 1, async (count, last) => {
    const values = [
      scope.productIds ?? null,
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

/**
 * SQL: a customer has the capabilities that an event type requires.
 *
 * @param t - prefix of the columns of the event type
 * @param customer - SQL expression of the customer's id
 */
export const hasCapabilities = (t: string, customer: string) =>
  `(${t}requires = '{}' or exists (select from customers k where k.id = ${customer} and k.capabilities @> ${t}requires))`;

/** Finds those of the event types that require a capability that the customer does not have. */
export async function restrictedEventTypes(
  db: Executor,
  names: readonly string[],
  customerId: string,
): Promise<{ name: string; missing: string[] }[]> {
  if (names.length === 0) return [];
  const { rows } = await db.query<{ name: string; missing: string[] }>({
    text: `select t.name, array(select unnest(t.requires) except select unnest(c.capabilities) order by 1) as missing
           from event_types t cross join customers c
           where t.name = any ($1) and c.id = $2 and not c.capabilities @> t.requires order by t.name`,
    values: [names, customerId],
  });
  return rows;
}

/** An event type that a subscription matches, and whether its product is enabled. */
export type TriggerableType = Pick<EventType, 'name' | 'productId' | 'schema' | 'sample' | 'searchKeys'> & {
  productEnabled: boolean;
};

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
  const { rows } = await db.query<
    Pick<Row, 'name' | 'product_id' | 'schema' | 'sample' | 'search_keys'> & { enabled: boolean }
  >({
    text: `select t.name, t.product_id, t.schema, t.sample::text as sample, t.search_keys, p.enabled
           from subscription_states s
           join event_types t on (t.name = any (s.event_types) or t.name ~ s.event_type_regex) and not t.archived
             and t.product_id = coalesce(s.product_id, s.customer_product_id, nullif(t.product_id, '${OWN_PRODUCT}')) and ${hasCapabilities('t.', 's.customer_id')}
           join products p on p.id = t.product_id
           where s.id = $1 and ($2::text[] is null or t.product_id = any ($2)) and ($3::text is null or t.name = $3)
           order by t.name = any (s.event_types) desc, t.name limit 1`,
    values: [decodeId('sub', subscriptionId), scope.productIds ?? null, name ?? null],
  });
  const row = rows[0];
  return (
    row && {
      name: row.name,
      productId: row.product_id,
      schema: row.schema,
      sample: sampleOf(row),
      searchKeys: row.search_keys,
      productEnabled: row.enabled,
    }
  );
}

/** What accepting an event takes from its type. */
export interface TypeToAccept extends Pick<EventType, 'productId' | 'schema' | 'searchKeys'> {
  version: number;
}

/**
 * Reads the schema that validates the data of an event type, and what its events are found by.
 *
 * @returns undefined if there is no such type
 */
export async function findSchema(db: Executor, eventType: string): Promise<TypeToAccept | undefined> {
  const { rows } = await db.query<TypeToAccept>({
    name: 'find-schema',
    text: 'select product_id as "productId", version, schema, search_keys as "searchKeys" from event_types where name = $1',
    values: [eventType],
  });
  return rows[0];
}

/**
 * Finds the current version of an event type: the highest that is not archived. If all are
 * archived, the highest.
 *
 * @param unversioned - the name without its version
 * @param productIds - the owners; undefined for any. All versions must have the same owner
 * @returns its full name, or undefined if there is none
 */
export async function findCurrentVersion(
  db: Executor,
  unversioned: string,
  productIds: readonly string[] | undefined,
): Promise<string | undefined> {
  const { rows } = await db.query<{ name: string | null; owners: number }>({
    name: 'find-current-version',
    text: `select (array_agg(name order by archived, substring(name from '\\.v([0-9]+)$')::numeric desc, name))[1] as name, count(distinct product_id)::int as owners
           from event_types
           where name ~ '\\.v[0-9]+$' and regexp_replace(name, '\\.v[0-9]+$', '') = $1 and ($2::text[] is null or product_id = any ($2))`,
    values: [unversioned, productIds ?? null],
  });
  return rows[0]?.owners === 1 ? (rows[0].name ?? undefined) : undefined;
}
