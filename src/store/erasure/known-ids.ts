import { encodeId, type IdKind } from '../../domain/ids';
import type { Executor } from '../db/database';
import { listRecoveryIds, listSubscriptionIds } from './erase-belongings';

const GENERATED = /^(?:sub|ntf|att|key|chg|url|sec|cli|rec|prt|dep)_[0-9a-hjkmnp-tv-z]{26}$/;

/** Whether a text is an id that Signpost generated for an object of a customer. */
export function isGenerated(text: unknown): text is string {
  return typeof text === 'string' && GENERATED.test(text);
}

/** Ids of what a customer has, by which traces of them are found. */
export interface KnownIds {
  customerId: string;
  /** Generated ids of subscriptions, recoveries, credentials, sessions and allow-list entries. */
  ids: Set<string>;
  /** Hashes of the API keys, in base64. */
  keyHashes: Set<string>;
}

/** Reads the ids of what a customer has, except of the history, which may be long. */
export async function readKnownIds(db: Executor, customerId: string): Promise<KnownIds> {
  const of = async (kind: IdKind, table: string) =>
    (
      await db.query<{ id: string }>({ text: `select id from ${table} where customer_id = $1`, values: [customerId] })
    ).rows.map(({ id }) => encodeId(kind, id));
  const { rows } = await db.query<{ hash: Buffer }>({
    text: `select h.hash from api_keys k, unnest(array[k.hash, k.previous_hash]) as h(hash)
           where k.customer_id = $1 and h.hash is not null`,
    values: [customerId],
  });
  return {
    customerId,
    ids: new Set([
      ...(await listSubscriptionIds(db, customerId)),
      ...(await listRecoveryIds(db, customerId)),
      ...(await of('key', 'api_keys')),
      ...(await of('cli', 'oauth_clients')),
      ...(await of('prt', 'portal_sessions')),
      ...(await of('url', 'url_allowlist')),
    ]),
    keyHashes: new Set(rows.map(({ hash }) => hash.toString('base64'))),
  };
}
