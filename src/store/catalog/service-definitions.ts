import type { ServiceDefinition } from '../../domain/composing';
import type { Executor } from '../db/database';

/** A service definition as it is stored. */
export interface SavedDefinition extends ServiceDefinition {
  eventType: string;
  createdAt: Date;
  modifiedAt: Date;
}

interface Row {
  event_type: string;
  definition: ServiceDefinition;
  created_at: Date;
  modified_at: Date;
}

const COLUMNS = 'event_type, definition, created_at, modified_at';

function toSaved(row: Row): SavedDefinition {
  return { eventType: row.event_type, ...row.definition, createdAt: row.created_at, modifiedAt: row.modified_at };
}

/** Creates or replaces the definition of an event type, which must exist. */
export async function putDefinition(
  db: Executor,
  eventType: string,
  definition: ServiceDefinition,
): Promise<{ saved: SavedDefinition; created: boolean }> {
  const { rows } = await db.query<Row & { created: boolean }>({
    text: `insert into service_definitions (event_type, definition) values ($1, $2)
           on conflict (event_type) do update set definition = excluded.definition, modified_at = now()
           returning ${COLUMNS}, xmax = 0 as created`,
    values: [eventType, JSON.stringify(definition)],
  });
  return { saved: toSaved(rows[0]!), created: rows[0]!.created };
}

/** @returns undefined if the event type has no definition */
export async function findDefinition(db: Executor, eventType: string): Promise<SavedDefinition | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from service_definitions where event_type = $1`,
    values: [eventType],
  });
  return rows[0] && toSaved(rows[0]);
}

/** @returns whether there was a definition */
export async function deleteDefinition(db: Executor, eventType: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: 'delete from service_definitions where event_type = $1',
    values: [eventType],
  });
  return rowCount === 1;
}
