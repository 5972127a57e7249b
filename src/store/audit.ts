import { newUuid } from '../domain/ids';
import type { Principal } from '../domain/types';
import type { Executor } from './database';

/** Notes who did what to which object. The detail holds names and ids, never secrets or payloads. */
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
