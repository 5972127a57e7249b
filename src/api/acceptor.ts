import { createHash } from 'node:crypto';
import { newUuid } from '../domain/ids';
import { Problem, type FieldError } from '../domain/problems';
import type { Principal } from '../domain/types';
import type { Metrics } from '../metrics';
import {
  acceptEvents,
  findSchema,
  type AcceptedNotification,
  type AcceptFault,
  type AcceptResult,
  type EventToAccept,
} from '../store/accept';
import type { Executor } from '../store/database';
import { compileSchema } from './json-schema';
import type { EventStarter } from './ports';

/** An event as posted, after the checks of its shape. */
export interface PostedEvent {
  id?: string;
  type: string;
  customerId?: string;
  channels?: string[];
  timestamp?: Date;
  data: object;
  user?: object;
}

/** What came of one posted event. */
export type AcceptOutcome = { accepted: Extract<AcceptResult, { kind: 'accepted' }> } | { problem: Problem };

interface CompiledType {
  version: number;
  validate: (data: unknown) => FieldError[];
}

const MAX_COMPILED = 10_000;

const FAULTS: Record<Exclude<AcceptFault, 'stale-schema'>, { detail: string; path: string }> = {
  'unknown-event-type': { detail: 'Put it into the catalog first (PUT /v1/event-types/:name).', path: '/type' },
  'event-type-archived': { detail: 'An archived type takes no more events.', path: '/type' },
  'product-disabled': { detail: 'An operator enables it (PATCH /v1/products/:id).', path: '/type' },
  'unknown-customer': { detail: 'The product has no customer with this id.', path: '/customerId' },
  'event-id-conflict': {
    detail: 'The same id with the same body is answered as the first time; this body differs.',
    path: '/id',
  },
};

/**
 * Accepts events: holds data against the schema of its type, and has the rest checked, matched and written by one statement. Compiled schemas
 * are kept; the statement says when one is out of date.
 */
export class Acceptor {
  private readonly compiled = new Map<string, CompiledType>();

  constructor(
    private readonly starter: EventStarter,
    private readonly metrics: Metrics,
  ) {}

  /**
   * @returns one outcome for each event, in order
   * @throws Problem too-many-requests when too much waits to be started
   */
  async accept(db: Executor, principal: Principal, posted: readonly PostedEvent[]): Promise<AcceptOutcome[]> {
    if (!this.starter.hasRoom) {
      throw new Problem('too-many-requests', 'More is accepted than can be started; nothing of this request was.', {
        headers: { 'retry-after': '5' },
      });
    }
    const outcomes: AcceptOutcome[] = [];
    let remaining = posted.map((event, index) => ({ event, index }));
    // A second round is needed only where a schema was replaced between our check and the statement.
    while (remaining.length > 0) {
      const checked: { index: number; event: EventToAccept }[] = [];
      for (const { event, index } of remaining) {
        const result = await this.check(db, principal, event);
        if (result instanceof Problem) outcomes[index] = { problem: result };
        else checked.push({ index, event: result });
      }
      const results =
        checked.length > 0
          ? await acceptEvents(
              db,
              checked.map(({ event }) => event),
            )
          : [];
      remaining = [];
      results.forEach((result, position) => {
        const { index, event } = checked[position]!;
        if (result.kind === 'accepted') outcomes[index] = { accepted: result };
        else if (result.fault !== 'stale-schema') outcomes[index] = { problem: faultProblem(result.fault) };
        else {
          this.compiled.delete(event.type);
          remaining.push({ index, event: posted[index]! });
        }
      });
    }
    return outcomes;
  }

  /** After the commit: counts what was accepted and has its workflows started. */
  started(outcomes: readonly AcceptOutcome[]): void {
    const toStart: AcceptedNotification[] = [];
    for (const outcome of outcomes) {
      if ('problem' in outcome) continue;
      if (outcome.accepted.duplicate) {
        this.metrics.duplicates.inc();
        continue;
      }
      this.metrics.accepted.inc();
      toStart.push(...outcome.accepted.notifications.filter(({ status }) => status === 'pending'));
    }
    this.starter.enqueue(toStart);
  }

  private async check(db: Executor, principal: Principal, event: PostedEvent): Promise<EventToAccept | Problem> {
    const type = await this.typeOf(db, event.type);
    if (!type) return faultProblem('unknown-event-type');
    const errors = type.validate(event.data);
    if (errors.length > 0) {
      return new Problem('data-breaks-schema', `The data is not as the schema of ${event.type} has it.`, {
        errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
      });
    }
    return {
      id: event.id,
      uuid: newUuid(),
      productId: principal.productId ?? undefined,
      type: event.type,
      schemaVersion: type.version,
      customerId: event.customerId,
      channels: event.channels ?? [],
      timestamp: event.timestamp ?? new Date(),
      data: JSON.stringify(event.data),
      user: event.user && JSON.stringify(event.user),
      bodyHash: createHash('sha256').update(JSON.stringify(event)).digest(),
    };
  }

  private async typeOf(db: Executor, name: string): Promise<CompiledType | undefined> {
    const known = this.compiled.get(name);
    if (known) return known;
    const found = await findSchema(db, name);
    if (!found) return undefined;
    const compiled = { version: found.version, validate: found.schema ? compileSchema(found.schema) : () => [] };
    if (this.compiled.size >= MAX_COMPILED) this.compiled.clear();
    this.compiled.set(name, compiled);
    return compiled;
  }
}

function faultProblem(fault: keyof typeof FAULTS): Problem {
  const { detail, path } = FAULTS[fault];
  return new Problem(fault, detail, { errors: [{ path, message: detail }] });
}
