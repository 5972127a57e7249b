import { randomUUID } from 'node:crypto';
import { batchesOf } from './batches.js';
import { PartlySentError, SignpostError } from './errors.js';
import { itemsOf } from './pages.js';
import type { Transport } from './transport.js';
import type { Answer, ItemOf, Query } from './types.js';

/** The data of each event type, by its name; `signpost types generate` writes it from the catalog. */
export type EventData = Record<string, object>;

/** An event to be sent. */
export type NewEvent<Types extends object = EventData> = {
  [Name in keyof Types & string]: {
    /** Makes sending it again harmless. @default a random one */
    id?: string;
    type: Name;
    /** Absent: every customer of the product. */
    customerId?: string;
    channels?: string[];
    /** When it happened. @default now */
    timestamp?: Date | string;
    data: Types[Name];
    /** Who brought it about; passed through. */
    user?: object;
  };
}[keyof Types & string];

/** An event that has an id, so that sending it again is safe. */
export type NamedEvent<Types extends object = EventData> = NewEvent<Types> & { id: string };
export type Accepted = Answer<'/v1/events', 'post'>;
/** What came of one of many: accepted, or the problem of it. */
export type SendResult = Accepted | SignpostError;

/** How events are sent. */
export interface SendOptions {
  signal?: AbortSignal;
  /** How long one request may take, in milliseconds. @default that of the client */
  timeoutMs?: number;
}

/** By its id a repeated event is known already; a key beside it would only cost the service time. */
const OWN_ID = { idempotencyKey: null };

/** Posting events. */
export class Events<Types extends object> {
  constructor(private readonly transport: Transport) {}

  /**
   * Sends an event. It is safe when this resolves. An event without an id gets one first, so that a repeated request is a duplicate and not a second event.
   *
   * @throws SignpostError, SignpostUnreachableError
   */
  send(event: NewEvent<Types>, options: SendOptions = {}): Promise<Accepted> {
    return this.transport.request('post', '/v1/events', { ...options, ...OWN_ID, body: named(event) as never });
  }

  /**
   * Sends many, in batches, one after the other; waits where Signpost asks for it (429). A bad event does not keep the others back.
   *
   * @returns one result for each, in order
   * @throws PartlySentError where a batch could not be sent: it has what came of those before, and the rest with their ids
   */
  async sendMany(events: Iterable<NewEvent<Types>>, options: SendOptions = {}): Promise<SendResult[]> {
    const all = [...events].map(named) as NamedEvent<Types>[];
    const results: SendResult[] = [];
    for (const batch of batchesOf(all)) {
      try {
        results.push(...(await this.sendBatch(batch, options)));
      } catch (error) {
        throw new PartlySentError(results, all.slice(results.length), error as Error);
      }
    }
    return results;
  }

  private async sendBatch(batch: readonly NamedEvent<Types>[], options: SendOptions): Promise<SendResult[]> {
    const body = { events: [...batch] };
    try {
      const answer = await this.transport.request('post', '/v1/events/batch', { ...options, ...OWN_ID, body });
      return (answer.results as BatchResult[]).map(toResult);
    } catch (error) {
      // An event that is too large for any batch comes alone, and its problem is its own.
      if (batch.length === 1 && error instanceof SignpostError && error.status === 413) return [error];
      throw error;
    }
  }

  get(id: string) {
    return this.transport.request('get', '/v1/events/{id}', { params: { id } });
  }

  list(filter?: Omit<NonNullable<Query<'/v1/events', 'get'>>, 'cursor'>): AsyncGenerator<ItemOf<'/v1/events'>, void> {
    return itemsOf((cursor) => this.transport.request('get', '/v1/events', { query: { ...filter, cursor } }));
  }
}

/** The event with an id of its own, where it has none. */
export function named<E extends { id?: string }>(event: E): E & { id: string } {
  return { ...event, id: event.id ?? randomUUID() };
}

type BatchResult = { status: number; code?: string; title?: string; detail?: string; errors?: [] };

function toResult({ status, code, title = '', detail = '', errors, ...accepted }: BatchResult): SendResult {
  return code === undefined ? (accepted as Accepted) : new SignpostError(status, code, title, detail, errors);
}
