import type { AcceptResult, EventToAccept } from '../../domain/acceptance';
import { isContended, isUnavailable } from '../../store/db/database';
import { GroupCommit, type GroupCommitOptions } from '../../store/db/group-commit';
import { Turns } from '../limits/turns';

/**
 * Two statements may run concurrently, so that single events need not wait for the statement
 * before them.
 */
const GROUP: GroupCommitOptions<EventToAccept> = {
  pipelines: 2,
  maxGatherMs: 10,
  maxItems: 200,
  isUnavailable,
  // Events of one customer and type match the same subscriptions, whose statistics the statement
  // locks.
  lanes: {
    isContended,
    ownerOf: ({ customerId, productId }) => customerId ?? `all of ${productId}`,
    laneOf: ({ customerId, productId, type }) => `${customerId ?? `all of ${productId}`} ${type}`,
  },
};
/** Beyond one of these a statement takes Postgres long, so single events do not share it. */
const MAX_FEW_EVENTS = 50;
const MAX_FEW_CHARACTERS = 64 * 1024;
/** Bulk requests of one tenant in the queue of all. Others wait in the tenant's own line. */
const BULK_AT_ONCE = 2;
const MAX_BULK_WAITING = 500;

/**
 * Groups the events of concurrent requests into statements. Large batches and large events have
 * statements of their own, in which tenants take turns, and delay nobody's single events.
 */
export class AcceptGroups {
  private readonly few: GroupCommit<EventToAccept, AcceptResult>;
  private readonly bulk: GroupCommit<EventToAccept, AcceptResult>;
  private readonly bulkTurns = new Turns(BULK_AT_ONCE, MAX_BULK_WAITING);

  /** @param write - writes events in one transaction; returns one result per event, in order */
  constructor(write: (events: readonly EventToAccept[]) => Promise<AcceptResult[]>) {
    this.few = new GroupCommit(write, GROUP);
    this.bulk = new GroupCommit(write, GROUP);
  }

  /** @throws Problem too-many-requests if the tenant's line is full */
  submit(tenant: string, events: readonly EventToAccept[]): Promise<AcceptResult[]> {
    return isBulk(events) ? this.bulkTurns.take(tenant, () => this.bulk.submit(events)) : this.few.submit(events);
  }
}

function isBulk(events: readonly EventToAccept[]): boolean {
  if (events.length > MAX_FEW_EVENTS) return true;
  return events.reduce((sum, { data, user }) => sum + data.length + (user?.length ?? 0), 0) > MAX_FEW_CHARACTERS;
}
