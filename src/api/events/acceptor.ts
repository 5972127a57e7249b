import { setImmediate } from 'node:timers/promises';
import { newUuid } from '../../domain/ids';
import { Problem } from '../../domain/problems';
import { tenantOf } from '../../domain/fairness';
import type { Principal } from '../../domain/types';
import type { Metrics } from '../../process/metrics';
import { acceptEvents } from '../../store/notifications/accept';
import type { Database, Executor } from '../../store/db/database';
import { AcceptGroups } from './accept-groups';
import { Intake, type Admission } from './intake';
import type { PostedEvent } from './event-input';
import type { PreparedSchema, SchemaChecks } from './schema-checks';
import type { NotificationLauncher, NotificationToLaunch } from '../ports';
import { findSchema } from '../../store/catalog/event-types';
import { headStartDelivery } from '../../domain/head-start';
import type { AcceptFault, AcceptResult, EventToAccept } from '../../domain/acceptance';

/** The outcome of one posted event. */
export type AcceptOutcome = AcceptedEvent | { problem: Problem };

interface AcceptedEvent {
  accepted: Extract<AcceptResult, { kind: 'accepted' }>;
  event: EventToAccept;
  /** By `performance.now()`, taken before the statement that claimed its notifications. */
  claimedAt: number;
}

interface KnownType {
  /** The owner, which never changes. */
  productId: string;
  version: number;
  /** Absent: any data is valid. */
  schema?: PreparedSchema;
}

const MAX_KNOWN = 10_000;
/**
 * A batch is validated in turns of the event loop, so that other requests need not wait for all of
 * it.
 */
const TURN_MS = 20;
const FAULTS: Record<Exclude<AcceptFault, 'stale-schema'>, { detail: string; path: string }> = {
  'unknown-event-type': {
    detail: 'The event type is not in the catalog. Create it with PUT /v1/event-types/:name.',
    path: '/type',
  },
  'event-type-archived': { detail: 'The event type is archived and accepts no more events.', path: '/type' },
  'product-disabled': {
    detail: 'The product is not enabled. An operator enables it with PATCH /v1/products/:id.',
    path: '/type',
  },
  'unknown-customer': { detail: 'The product has no customer with this id.', path: '/customerId' },
  'event-id-conflict': {
    detail: 'An event with this id and a different body was accepted before. Use a new id for a new event.',
    path: '/id',
  },
};

/**
 * Accepts events. It validates the data against the schema of its type; one statement then checks
 * the rest, matches subscriptions and writes. Schemas are cached, and the statement reports stale
 * ones.
 */
export class Acceptor {
  private readonly types = new Map<string, KnownType>();
  private readonly intake: Intake;
  private readonly groups: AcceptGroups;

  /** @param maxEventsInHand - events that may be accepted at the same time */
  constructor(
    private readonly db: Database,
    private readonly launcher: NotificationLauncher,
    private readonly metrics: Metrics,
    maxEventsInHand: number,
    private readonly checks: SchemaChecks,
  ) {
    this.intake = new Intake(maxEventsInHand, launcher, metrics);
    this.groups = new AcceptGroups((events) => acceptEvents(db, events, launcher.processId));
  }

  /**
   * Accepts events, in one statement with those of concurrent callers.
   *
   * @param transaction - accepts the events in this transaction instead, in a statement of their
   *   own
   * @returns one outcome for each event, in order
   * @throws Problem too-many-requests if no customer of the events has room
   */
  async accept(principal: Principal, posted: readonly PostedEvent[], transaction?: Executor): Promise<AcceptOutcome[]> {
    const admission = this.intake.admit(posted);
    try {
      return await this.acceptAdmitted(admission, principal, posted, transaction);
    } finally {
      admission.end();
    }
  }

  private async acceptAdmitted(
    { room, problemOf }: Admission,
    principal: Principal,
    posted: readonly PostedEvent[],
    transaction: Executor | undefined,
  ): Promise<AcceptOutcome[]> {
    const outcomes: AcceptOutcome[] = [];
    let remaining = posted.map((event, index) => ({ event, index }));
    if (room !== 'all') {
      for (const { event, index } of remaining) {
        const problem = problemOf(event);
        if (!problem) continue;
        // A response that is kept for an Idempotency-Key must not hold what is only temporary.
        if (room === 'none' || transaction) throw problem;
        outcomes[index] = { problem };
      }
      remaining = remaining.filter(({ index }) => outcomes[index] === undefined);
    }
    // A second round is needed only if a schema was replaced between the validation and the
    // statement.
    while (remaining.length > 0) {
      const checked: { index: number; event: EventToAccept }[] = [];
      await this.check(
        principal,
        remaining.map(({ event }) => event),
        transaction,
      );
      for (const { index, event } of remaining) {
        const result = toAccept(principal, event);
        if (result instanceof Problem) outcomes[index] = { problem: result };
        else checked.push({ index, event: result });
      }
      const claimedAt = performance.now();
      const results = await this.write(
        principal,
        checked.map(({ event }) => event),
        transaction,
      );
      remaining = [];
      results.forEach((result, position) => {
        const { index, event } = checked[position]!;
        if (result.kind === 'accepted') outcomes[index] = { accepted: result, event, claimedAt };
        else if (result.fault !== 'stale-schema') outcomes[index] = { problem: faultProblem(result.fault) };
        else {
          this.types.delete(event.type);
          remaining.push({ index, event: posted[index]! });
        }
      });
    }
    return outcomes;
  }

  /** After the commit: counts the accepted events and launches their notifications. */
  launch(outcomes: readonly AcceptOutcome[]): void {
    const toLaunch: NotificationToLaunch[] = [];
    for (const outcome of outcomes) {
      if ('problem' in outcome) continue;
      const { accepted, event, claimedAt } = outcome;
      if (accepted.duplicate) {
        this.metrics.duplicates.inc();
        continue;
      }
      this.metrics.accepted.inc();
      for (const notification of accepted.notifications) {
        if (notification.status !== 'pending') continue;
        toLaunch.push({ notification, delivery: headStartDelivery(event, notification), claimedAt });
      }
    }
    this.launcher.launch(toLaunch);
  }

  private write(
    principal: Principal,
    events: EventToAccept[],
    transaction: Executor | undefined,
  ): Promise<AcceptResult[]> {
    if (events.length === 0) return Promise.resolve([]);
    return transaction
      ? acceptEvents(transaction, events, this.launcher.processId)
      : this.groups.submit(tenantOf(principal), events);
  }

  /**
   * Checks the data of events that have not been checked yet, in the side thread where that takes
   * long. A call before a transaction keeps the transaction from waiting for it.
   *
   * @throws Problem too-many-requests
   */
  async check(principal: Principal, events: readonly PostedEvent[], db: Executor = this.db): Promise<void> {
    const slow = new Map<PreparedSchema, PostedEvent[]>();
    let turnStarted = performance.now();
    for (const event of events) {
      if (performance.now() - turnStarted > TURN_MS) {
        await setImmediate();
        turnStarted = performance.now();
      }
      const found = this.types.get(event.type) ?? (await this.find(db, event.type));
      // Before the schema, whose faults would describe it to another product.
      const type = found && (principal.productId ?? found.productId) === found.productId ? found : undefined;
      if (type && event.checked?.version === type.version) continue;
      const errors = type?.schema ? this.checks.quickly(type.schema, event) : [];
      event.checked = type && { version: type.version, errors: errors ?? [] };
      if (errors) continue;
      const others = slow.get(type!.schema!);
      if (others) others.push(event);
      else slow.set(type!.schema!, [event]);
    }
    for (const [schema, slowEvents] of slow) {
      const data = slowEvents.map((event) => event.data);
      const errors = await this.checks.inThread(tenantOf(principal), schema, data);
      slowEvents.forEach((event, position) => (event.checked!.errors = errors[position]!));
    }
  }

  private async find(db: Executor, name: string): Promise<KnownType | undefined> {
    const found = await findSchema(db, name);
    if (!found) return undefined;
    const { productId, version, schema } = found;
    const known = { productId, version, schema: schema ? this.checks.prepare({ name, version }, schema) : undefined };
    if (this.types.size >= MAX_KNOWN) this.types.clear();
    this.types.set(name, known);
    return known;
  }
}

/** @param event - checked */
function toAccept(principal: Principal, event: PostedEvent): EventToAccept | Problem {
  if (!event.checked) return faultProblem('unknown-event-type');
  const { version, errors } = event.checked;
  if (errors.length > 0) {
    return new Problem('data-breaks-schema', `The data does not match the schema of ${event.type}.`, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  return {
    id: event.id,
    uuid: newUuid(),
    productId: principal.productId ?? undefined,
    type: event.type,
    schemaVersion: version,
    customerId: event.customerId,
    channels: event.channels ?? [],
    timestamp: event.timestamp ?? new Date(),
    data: event.data,
    user: event.user,
    bodyHash: event.bodyHash,
  };
}

function faultProblem(fault: keyof typeof FAULTS): Problem {
  const { detail, path } = FAULTS[fault];
  return new Problem(fault, detail, { errors: [{ path, message: detail }] });
}
