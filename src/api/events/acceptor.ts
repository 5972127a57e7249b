import { setImmediate } from 'node:timers/promises';
import { newUuid } from '../../domain/ids';
import { Problem } from '../../domain/problems';
import { tenantOf } from '../../domain/fairness';
import type { Principal } from '../../domain/types';
import type { Metrics } from '../../process/metrics';
import { acceptEvents } from '../../store/notifications/accept';
import type { Database, Executor } from '../../store/db/database';
import { mayUse, productsOf } from '../auth/own-products';
import { AcceptGroups } from './accept-groups';
import type { AcceptOutcome } from './accept-outcome';
import { Intake, type Admission } from './intake';
import type { PostedEvent } from './event-input';
import { faultProblem } from './fault-problem';
import { recognizeRepeats } from './recognize-repeats';
import type { PreparedSchema, SchemaChecks } from './schema-checks';
import type { NotificationLauncher, NotificationToLaunch } from '../ports';
import { findCurrentVersion, findSchema } from '../../store/catalog/event-types';
import { isVersioned } from '../../domain/event-type-pattern';
import { headStartDelivery } from '../../domain/head-start';
import type { AcceptResult, EventToAccept } from '../../domain/acceptance';
import { searchItems } from '../../domain/search-keys';
import { timestampAt } from '../../domain/timestamp';

interface KnownType {
  name: string;
  /** The owner, which never changes. */
  productId: string;
  version: number;
  /** Absent: any data is valid. */
  schema?: PreparedSchema;
  searchKeys: readonly string[];
}

const MAX_KNOWN = 10_000;
/**
 * A batch is validated in turns of the event loop, so that other requests need not wait for all of
 * it.
 */
const TURN_MS = 20;
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
    // statement, or the version archived that was current.
    const resolvedAgain = new Set<number>();
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
        const outdated = () =>
          result.kind === 'refused' &&
          result.fault === 'event-type-archived' &&
          event.type !== posted[index]!.type &&
          !resolvedAgain.has(index);
        if (result.kind === 'accepted') outcomes[index] = { accepted: result, event, claimedAt };
        else if (result.fault === 'stale-schema' || outdated()) {
          if (result.fault === 'stale-schema') this.types.delete(event.type);
          else resolvedAgain.add(index);
          remaining.push({ index, event: posted[index]! });
        } else outcomes[index] = { problem: faultProblem(result.fault) };
      });
    }
    await recognizeRepeats(transaction ?? this.db, principal, posted, outcomes).catch((error: unknown) => {
      // The accepted events are committed by now, so they must be answered and launched.
      if (transaction || !outcomes.some((outcome) => 'accepted' in outcome)) throw error;
    });
    return outcomes;
  }

  /** After the commit: counts the accepted events and launches their notifications. */
  launch(outcomes: readonly AcceptOutcome[]): void {
    const toLaunch: NotificationToLaunch[] = [];
    for (const outcome of outcomes) {
      if ('problem' in outcome) continue;
      if (!('event' in outcome) || outcome.accepted.duplicate) {
        this.metrics.duplicates.inc();
        continue;
      }
      const { accepted, event, claimedAt } = outcome;
      this.metrics.accepted.inc();
      for (const notification of accepted.notifications) {
        if (notification.status !== 'pending') continue;
        if (event.traceparent !== undefined) notification.traceparent = event.traceparent;
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
    const types = new Map<string, KnownType | undefined>();
    let turnStarted = performance.now();
    for (const event of events) {
      if (performance.now() - turnStarted > TURN_MS) {
        await setImmediate();
        turnStarted = performance.now();
      }
      if (!types.has(event.type)) types.set(event.type, await this.typeFor(db, principal, event.type));
      const type = types.get(event.type);
      if (type && event.checked?.version === type.version && event.checked.type === type.name) continue;
      const errors = type?.schema ? this.checks.quickly(type.schema, event) : [];
      event.checked = type && {
        type: type.name,
        version: type.version,
        errors: errors ?? [],
        searchItems: searchItems(type.searchKeys, event.data),
      };
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

  /** The type of the caller that an event names, with its version or without. */
  private async typeFor(db: Executor, principal: Principal, name: string): Promise<KnownType | undefined> {
    const found = this.types.get(name) ?? (await this.find(db, name));
    // Before the schema, whose faults would describe it to another product.
    const own = found && mayUse(principal, found.productId) ? found : undefined;
    return own ?? (isVersioned(name) ? undefined : this.findCurrent(db, principal, name));
  }

  private async find(db: Executor, name: string): Promise<KnownType | undefined> {
    const found = await findSchema(db, name);
    if (!found) return undefined;
    const { productId, version, schema, searchKeys } = found;
    const known = {
      name,
      productId,
      version,
      searchKeys,
      schema: schema ? this.checks.prepare({ name, version }, schema) : undefined,
    };
    if (this.types.size >= MAX_KNOWN) this.types.clear();
    this.types.set(name, known);
    return known;
  }

  /** Not cached: an event must not be stored as a version that is no longer current. */
  private async findCurrent(db: Executor, principal: Principal, name: string): Promise<KnownType | undefined> {
    const version = await findCurrentVersion(db, name, productsOf(principal));
    return version === undefined ? undefined : (this.types.get(version) ?? (await this.find(db, version)));
  }
}

/** @param event - checked */
function toAccept(principal: Principal, event: PostedEvent): EventToAccept | Problem {
  if (!event.checked) return faultProblem('unknown-event-type');
  const { type, version, errors, searchItems } = event.checked;
  if (errors.length > 0) {
    return new Problem('data-breaks-schema', `The data does not match the schema of ${type}.`, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  return {
    id: event.id,
    uuid: newUuid(),
    productId: principal.productId ?? undefined,
    type,
    schemaVersion: version,
    customerId: event.customerId,
    channels: event.channels ?? [],
    timestamp: event.timestamp ?? timestampAt(new Date()),
    data: event.data,
    user: event.user,
    bodyHash: event.bodyHash,
    searchItems,
    traceparent: event.traceparent,
  };
}
