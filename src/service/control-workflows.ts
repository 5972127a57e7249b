import { MAIN_TASK_QUEUE } from '../domain/delivery';
import type { Database } from '../store/db/database';
import { findErasure } from '../store/erasure/erasures';
import { findOwners } from '../store/notifications/recoveries';
import type { TemporalLink } from '../temporal/connection';
import { startErasure } from '../temporal/erasure-workflows';
import { RecoveryWorkflows } from '../temporal/recovery-workflows';

/** The workflows of recoveries and erasures, of which the tenants take turns. */
export interface ControlWorkflows {
  recoveries: RecoveryWorkflows;
  startErasure(erasureId: string): Promise<void>;
}

export function controlWorkflows(temporal: Pick<TemporalLink, 'use'>, db: Database): ControlWorkflows {
  return {
    recoveries: new RecoveryWorkflows(temporal, MAIN_TASK_QUEUE, (id) => tenantOfRecovery(db, id)),
    startErasure: async (id) => startErasure(temporal, MAIN_TASK_QUEUE, id, await tenantOfErasure(db, id)),
  };
}

/** Who pays for a recovery: the customer, or the product if it is not limited to one. */
async function tenantOfRecovery(db: Database, recoveryId: string): Promise<string | undefined> {
  const owners = await findOwners(db, recoveryId);
  return owners?.customerId ?? owners?.productId ?? undefined;
}

/** Who pays for an erasure: each customer is erased once, so a product with many pays for all. */
async function tenantOfErasure(db: Database, erasureId: string): Promise<string | undefined> {
  return (await findErasure(db, erasureId, {}))?.productId ?? undefined;
}
