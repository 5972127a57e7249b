import { randomUUID } from 'node:crypto';
import { SignpostError } from './errors.js';
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

export type Accepted = Answer<'/v1/events', 'post'>;
/** What came of one of many: accepted, or the problem of it. */
export type SendResult = Accepted | SignpostError;

const MAX_BATCH = 1000;
/** The API takes 8 MiB; some of it is for what is around the events. */
const MAX_BATCH_BYTES = 7.5 * 1024 * 1024;

/** Posting events. */
export class Events<Types extends object> {
  constructor(private readonly transport: Transport) {}

  /**
   * Sends an event. It is safe when this resolves. An event without an id gets one first, so that a repeated request is a duplicate and not a second event.
   *
   * @throws SignpostError, SignpostUnreachableError
   */
  send(event: NewEvent<Types>): Promise<Accepted> {
    return this.transport.request('post', '/v1/events', { body: named(event) as never });
  }

  /**
   * Sends many, in batches; waits where Signpost asks for it (429). A bad event does not keep the others back.
   *
   * @returns one result for each, in order
   * @throws SignpostError, SignpostUnreachableError where a whole batch could not be sent: those before it were
   */
  async sendMany(events: Iterable<NewEvent<Types>>): Promise<SendResult[]> {
    const results: SendResult[] = [];
    for (const batch of batchesOf([...events].map(named))) {
      const answer = await this.transport.request('post', '/v1/events/batch', { body: { events: batch } });
      for (const result of answer.results as BatchResult[]) results.push(toResult(result));
    }
    return results;
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

function batchesOf<E>(events: readonly E[]): E[][] {
  const batches: E[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event)) + 1;
    const current = batches.at(-1);
    if (current && current.length < MAX_BATCH && bytes + size <= MAX_BATCH_BYTES) {
      current.push(event);
      bytes += size;
    } else {
      batches.push([event]);
      bytes = size;
    }
  }
  return batches;
}
