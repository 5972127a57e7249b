import { encodeId } from '../../domain/ids';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';
import { openPrivateSettings, sealPrivateSettings, storedPrivateSettingsOf } from './private-settings';
import type { PrivateSettingsRow } from './private-settings';

const BATCH = 200;

interface PlainRow extends PrivateSettingsRow {
  id: string;
  /** The stored text of `headers`. */
  plain: string;
}

/**
 * Seals the headers that were written before headers were sealed, and clears what deleted
 * subscriptions have kept. A subscription that changes meanwhile is left to the next run.
 *
 * @returns the number of subscriptions that changed
 */
export async function sealPlainSettings(db: Executor, sealer: Sealer): Promise<number> {
  let changed = await clearDeleted(db);
  for (let after: string | null = null; ;) {
    const { rows }: { rows: PlainRow[] } = await db.query<PlainRow>({
      text: `select id, headers, headers::text as plain, private_settings, private_settings_sealed_by from subscriptions
             where deleted_at is null and headers::text <> '{}' and ($1::uuid is null or id > $1) order by id limit ${BATCH}`,
      values: [after],
    });
    for (const row of rows) changed += await sealRow(db, sealer, row);
    if (rows.length < BATCH) return changed;
    after = rows.at(-1)!.id;
  }
}

async function sealRow(db: Executor, sealer: Sealer, row: PlainRow): Promise<number> {
  const id = encodeId('sub', row.id);
  const sealed = sealPrivateSettings(sealer, id, openPrivateSettings(sealer, id, storedPrivateSettingsOf(row)));
  const { rowCount } = await db.query({
    text: `update subscriptions set headers = '{}', private_settings = $2, private_settings_sealed_by = $3
           where id = $1 and headers::text = $4 and private_settings is not distinct from $5`,
    values: [row.id, sealed?.ciphertext ?? null, sealed?.keyId ?? null, row.plain, row.private_settings],
  });
  return rowCount ?? 0;
}

async function clearDeleted(db: Executor): Promise<number> {
  for (let cleared = 0; ;) {
    const { rowCount } = await db.query({
      text: `update subscriptions set headers = '{}', custom_data = '{}', transform = null where id in (
               select id from subscriptions where deleted_at is not null
                 and (headers::text <> '{}' or custom_data::text <> '{}' or transform is not null) limit ${BATCH})`,
    });
    cleared += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH) return cleared;
  }
}
