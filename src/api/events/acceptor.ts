import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { newUuid } from '../../domain/ids';
import { Problem, type FieldError } from '../../domain/problems';
import type { Principal } from '../../domain/types';
import { identityOf } from '../../domain/lossless-json';
import type { Metrics } from '../../process/metrics';
import { acceptEvents } from '../../store/notifications/accept';
import { isContended, isUnavailable, type Database, type Executor } from '../../store/db/database';
import { GroupCommit, type GroupCommitOptions } from '../../store/db/group-commit';
import { Intake, type Admission } from './intake';
import { compileStoredSchema } from './json-schema';
import type { NotificationLauncher, NotificationToLaunch } from '../ports';
import { findSchema } from '../../store/catalog/event-types';
import { headStartDelivery } from '../../domain/head-start';
import type { AcceptFault, AcceptResult, EventToAccept } from '../../domain/acceptance';
import { sha256 } from '../../domain/sha256';

/** A posted event whose shape has been validated. */
export interface PostedEvent {
  id?: string;
  type: string;
  customerId?: string;
  channels?: string[];
  timestamp?: Date;
  data: object;
  user?: object;
  /** JSON text of data and user, if JavaScript would write a number in them differently. */
  written?: { data: string; user?: string };
}

/** The outcome of one posted event. */
export type AcceptOutcome = AcceptedEvent | { problem: Problem };

interface AcceptedEvent {
  accepted: Extract<AcceptResult, { kind: 'accepted' }>;
  event: EventToAccept;
  /** By `performance.now()`, taken before the statement that claimed its notifications. */
  claimedAt: number;
}

interface CompiledType {
  /** The owner, which never changes. */
  productId: string;
  version: number;
  validate: (data: unknown) => FieldError[];
}

const MAX_COMPILED = 10_000;
/**
 * A batch is validated in turns of the event loop, so that other requests need not wait for all of
 * it.
 */
const TURN_MS = 20;
/** Two statements may run concurrently, so that a large batch does not delay single events. */
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
 * the rest, matches subscriptions and writes. Compiled schemas are cached, and the statement
 * reports stale ones.
 */
export class Acceptor {
  private readonly compiled = new Map<string, CompiledType>();
  private readonly intake: Intake;
  private readonly group: GroupCommit<EventToAccept, AcceptResult>;

  /** @param maxEventsInHand - events that may be accepted at the same time */
  constructor(
    private readonly db: Database,
    private readonly launcher: NotificationLauncher,
    private readonly metrics: Metrics,
    maxEventsInHand: number,
    private readonly log?: Pick<Logger, 'warn'>,
  ) {
    this.intake = new Intake(maxEventsInHand, launcher, metrics);
    this.group = new GroupCommit((events) => acceptEvents(db, events, launcher.processId), GROUP);
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
      let turnStarted = performance.now();
      for (const { event, index } of remaining) {
        if (performance.now() - turnStarted > TURN_MS) {
          await setImmediate();
          turnStarted = performance.now();
        }
        const type = this.compiled.get(event.type) ?? (await this.compile(transaction ?? this.db, event.type));
        const result = check(type, principal, event);
        if (result instanceof Problem) outcomes[index] = { problem: result };
        else checked.push({ index, event: result });
      }
      const claimedAt = performance.now();
      const results = await this.write(
        checked.map(({ event }) => event),
        transaction,
      );
      remaining = [];
      results.forEach((result, position) => {
        const { index, event } = checked[position]!;
        if (result.kind === 'accepted') outcomes[index] = { accepted: result, event, claimedAt };
        else if (result.fault !== 'stale-schema') outcomes[index] = { problem: faultProblem(result.fault) };
        else {
          this.compiled.delete(event.type);
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

  private write(events: EventToAccept[], transaction: Executor | undefined): Promise<AcceptResult[]> {
    if (events.length === 0) return Promise.resolve([]);
    return transaction ? acceptEvents(transaction, events, this.launcher.processId) : this.group.submit(events);
  }

  private async compile(db: Executor, name: string): Promise<CompiledType | undefined> {
    const found = await findSchema(db, name);
    if (!found) return undefined;
    const { validate, unenforced } = found.schema
      ? compileStoredSchema(found.schema)
      : { validate: () => [], unenforced: [] };
    if (unenforced.length > 0) {
      this.log?.warn({ eventType: name, unenforced }, 'patterns of a schema are not enforced; change the schema');
    }
    const compiled = { productId: found.productId, version: found.version, validate };
    if (this.compiled.size >= MAX_COMPILED) this.compiled.clear();
    this.compiled.set(name, compiled);
    return compiled;
  }
}

function check(type: CompiledType | undefined, principal: Principal, event: PostedEvent): EventToAccept | Problem {
  // Before the schema, whose faults would describe it to another product.
  if (!type || (principal.productId ?? type.productId) !== type.productId) return faultProblem('unknown-event-type');
  const errors = type.validate(event.data);
  if (errors.length > 0) {
    return new Problem('data-breaks-schema', `The data does not match the schema of ${event.type}.`, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  const { written, ...facts } = event;
  return {
    id: event.id,
    uuid: newUuid(),
    productId: principal.productId ?? undefined,
    type: event.type,
    schemaVersion: type.version,
    customerId: event.customerId,
    channels: event.channels ?? [],
    timestamp: event.timestamp ?? new Date(),
    data: written?.data ?? JSON.stringify(event.data),
    user: written?.user ?? (event.user && JSON.stringify(event.user)),
    bodyHash: sha256(identityOf(facts, written && `${written.data}${written.user ?? ''}`)),
  };
}

function faultProblem(fault: keyof typeof FAULTS): Problem {
  const { detail, path } = FAULTS[fault];
  return new Problem(fault, detail, { errors: [{ path, message: detail }] });
}
