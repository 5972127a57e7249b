import { Problem } from '../../domain/problems';
import type { LimitMetrics } from '../../process/limit-metrics';
import {
  countActiveCredentials,
  countDeploys,
  countEventTypes,
  countPlayInboxes,
  countPortalSessions,
  countSubscriptions,
} from '../../store/access/quotas';
import type { Executor } from '../../store/db/database';

/** How many objects of each kind one owner may have. */
export interface QuotaSettings {
  subscriptions: number;
  eventTypes: number;
  portalSessions: number;
  credentials: number;
  playInboxes: number;
  deploys: number;
}

/** The owner of an object. */
export interface QuotaOwner {
  customerId: string | null;
  productId: string | null;
}

export type QuotaName = keyof QuotaSettings;

const QUOTAS: Record<
  QuotaName,
  { what: string; count: (db: Executor, owner: QuotaOwner) => Promise<number>; remedy: string }
> = {
  subscriptions: {
    what: 'subscriptions of this customer',
    count: countSubscriptions,
    remedy: 'Delete subscriptions that are not needed',
  },
  eventTypes: {
    what: 'event types of this product that are not archived',
    count: countEventTypes,
    remedy: 'Archive event types that are not needed',
  },
  portalSessions: {
    what: 'active portal sessions of this customer',
    count: countPortalSessions,
    remedy: 'End portal sessions, or let them expire',
  },
  credentials: {
    what: 'active credentials of this owner',
    count: countActiveCredentials,
    remedy: 'Revoke credentials that are not needed',
  },
  playInboxes: {
    what: 'inboxes of this customer',
    count: countPlayInboxes,
    remedy: 'Delete inboxes that are not needed',
  },
  deploys: {
    what: 'deploys of this owner that were marked in the last 24 hours',
    count: countDeploys,
    remedy: 'Mark one for each release, not for each host',
  },
};

/** Limits the number of objects that one owner may have. */
export class Quotas {
  constructor(
    private readonly settings: QuotaSettings,
    private readonly metrics: LimitMetrics,
  ) {}

  /**
   * Checks that the owner may get one more object. Call it in the transaction that creates the
   * object, before it does: concurrent calls for one owner wait for each other.
   *
   * @throws Problem quota-exceeded
   */
  async check(db: Executor, name: QuotaName, owner: QuotaOwner): Promise<void> {
    const quota = this.settings[name];
    const { what, count, remedy } = QUOTAS[name];
    if ((await count(db, owner)) < quota) return;
    this.metrics.quotaRefused.inc({ quota: name });
    throw new Problem('quota-exceeded', `There are already ${quota} ${what}, the most that are allowed. ${remedy}.`);
  }
}
