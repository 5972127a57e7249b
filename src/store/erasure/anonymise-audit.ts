import { decodeId, encodeId, uuidFloor } from '../../domain/ids';
import type { Database, Executor } from '../db/database';
import { byWindow } from '../db/windows';
import { addCounts } from './erasures';
import { isGenerated, type KnownIds } from './known-ids';

const PAGE = 1000;
/** Actions on a customer, whose object is the id of the customer. */
const ON_CUSTOMER = /^(?:customer|portal-session)\./;
const ERASED_ACTOR = 'erased customer';

interface Entry {
  id: string;
  actor_id: string;
  action: string;
  object: string;
  customer_id: string | null;
  detail: Record<string, unknown>;
}

/**
 * Makes the entries of the audit log about a customer anonymous: the erasure takes the place of the
 * object, and of the actor if the customer acted. The action, its time and the product stay. The
 * detail and the old and new values go, and the address if the customer acted.
 *
 * Oldest first, so that an entry also shows what the customer had once, such as a portal session,
 * for the entries that follow.
 *
 * @param onPage - called after each page
 */
export async function anonymiseAudit(
  db: Database,
  erasureId: string,
  known: KnownIds,
  onPage: () => void,
): Promise<void> {
  for (let after = uuidFloor(0); ;) {
    const { rows } = await db.query<Entry>({
      text: `select id, actor_id, action, object, customer_id, detail from audit where id > $1 order by id limit ${PAGE}`,
      values: [after],
    });
    const notifications = await notificationsAmong(db, known.customerId, rows);
    const found = rows.filter((entry) => isAbout(entry, known, notifications));
    if (found.length > 0) await anonymise(db, erasureId, found, known);
    onPage();
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

/** Notes the generated ids of an entry that is about the customer. */
function isAbout(entry: Entry, { customerId, ids }: KnownIds, notifications: ReadonlySet<string>): boolean {
  const { actor_id: actor, action, object, customer_id: concerned, detail } = entry;
  const named = [object, ...Object.values(detail)].filter(isGenerated);
  const isFound =
    ids.has(actor) ||
    named.some((id) => ids.has(id) || notifications.has(id)) ||
    concerned === customerId ||
    detail.customerId === customerId ||
    (ON_CUSTOMER.test(action) && object === customerId);
  if (isFound) for (const id of named) ids.add(id);
  return isFound;
}

/** @returns those of the notifications in the entries that belong to the customer */
async function notificationsAmong(
  db: Executor,
  customerId: string,
  entries: readonly Entry[],
): Promise<ReadonlySet<string>> {
  const uuids = entries.flatMap(({ object, detail }) =>
    [object, ...Object.values(detail)].flatMap((value) =>
      typeof value === 'string' ? (decodeId('ntf', value) ?? []) : [],
    ),
  );
  const found = new Set<string>();
  for (const [window, group] of byWindow(uuids, (uuid) => uuid)) {
    const { rows } = await db.query<{ id: string }>({
      text: `select id from notifications where id = any($1) and ${window.has('id')} and customer_id = $2`,
      values: [group, customerId],
    });
    for (const { id } of rows) found.add(encodeId('ntf', id));
  }
  return found;
}

async function anonymise(db: Database, erasureId: string, entries: readonly Entry[], known: KnownIds): Promise<void> {
  await db.transaction(async (executor) => {
    const { rowCount } = await executor.query({
      text: `update audit a set object = $1, customer_id = null, detail = '{}', changes = '{}',
               address = case when e.own then null else a.address end, request_id = case when e.own then null else a.request_id end,
               actor_id = case when e.own then $1 else a.actor_id end, actor_name = case when e.own then '${ERASED_ACTOR}' else a.actor_name end
             from unnest($2::uuid[], $3::boolean[]) as e (id, own) where a.id = e.id`,
      values: [erasureId, entries.map(({ id }) => id), entries.map(({ actor_id: actor }) => known.ids.has(actor))],
    });
    await addCounts(executor, erasureId, { auditEntries: rowCount ?? 0 });
  });
}
