import { batchesOf } from './batches.js';
import { PartlySentError, SignpostError } from './errors.js';
import { newEventId } from './ids.js';
import { itemsOf } from './pages.js';
import type { Transport } from './transport.js';
import type { ItemOf, Query, ResponseBody } from './types.js';

/** The type of `data` by event type name. `signpost types generate` writes it from the catalog. */
export type EventData = Record<string, object>;

/** An event to send. */
export type NewEvent<Types extends object = EventData> = {
  [Name in keyof Types & string]: {
    /**
     * Identifies the event: Signpost accepts an id once per product, so sending it again is safe.
     * @default a TypeID, such as `evt_01k2m3n4p5q6r7s8t9v0w1x2y3`
     */
    id?: string;
    /** Event type, for example `payment.confirmed.v1`. */
    type: Name;
    /** The customer to notify. If absent, every customer of the product is notified. */
    customerId?: string;
    /** Restricts the event to subscriptions without channels and those that list one of these. */
    channels?: string[];
    /**
     * When the event happened.
     * @default the time at which Signpost accepts it
     */
    timestamp?: Date | string;
    data: Types[Name];
    /** Who caused the event; passed through to receivers. */
    user?: object;
  };
}[keyof Types & string];

/** An event that has an id, so that sending it again is safe. */
export type IdentifiedEvent<Types extends object = EventData> = NewEvent<Types> & { id: string };

/** The API's response to an accepted event: `id`, `duplicate` and `notifications`. */
export type Accepted = ResponseBody<'/v1/events', 'post'>;

/** Result of one event of {@link Events.sendMany}. */
export type SendResult = Accepted | SignpostError;

/** Options of {@link Events.send} and {@link Events.sendMany}. */
export interface SendOptions {
  /** Aborts the request in flight and all retries. */
  signal?: AbortSignal;
  /**
   * Timeout of one request, in milliseconds.
   * @default `timeoutMs` of the client
   */
  timeoutMs?: number;
}

/** Options of {@link Events.send}. */
export interface SendOneOptions extends SendOptions {
  /**
   * Waits until each receiver was called once, at most this long, in seconds: 1 to 30. The result
   * then has the `lastResponse` of each notification.
   * @default no wait
   */
  awaitResponseSeconds?: number;
}

/** Time of a request that awaits responses, beyond the wait itself. */
const AWAIT_MARGIN_MS = 30_000;

/** The event's id already makes the request idempotent; a key would only cost the service time. */
const NO_IDEMPOTENCY_KEY = { idempotencyKey: null };

/** Sends and reads events. */
export class Events<Types extends object> {
  constructor(private readonly transport: Transport) {}

  /**
   * Sends an event. When this resolves, the event is stored durably. An event without an id gets
   * one before the first request, so a retry is a duplicate and not a second event.
   *
   * @throws {@link SignpostError} if the event was refused
   * @throws {@link SignpostUnreachableError} if all retries failed
   * @example
   * ```ts
   * const { id, notifications } = await signpost.events.send({
   *   type: 'payment.confirmed.v1',
   *   customerId: 'customer1',
   *   data: { paymentId: 'P-1', amount: 125.5 },
   * });
   * ```
   */
  send(event: NewEvent<Types>, { awaitResponseSeconds, ...options }: SendOneOptions = {}): Promise<Accepted> {
    const isAwaited = awaitResponseSeconds !== undefined;
    const body = { ...withId(event), ...(isAwaited && { awaitResponse: awaitResponseSeconds }) } as never;
    const timeoutMs = options.timeoutMs ?? (isAwaited ? awaitResponseSeconds * 1000 + AWAIT_MARGIN_MS : undefined);
    return this.transport.request('post', '/v1/events', { ...options, timeoutMs, ...NO_IDEMPOTENCY_KEY, body });
  }

  /**
   * Sends events in batches of at most 1000 events and 7.5 MiB, one batch after the other. Waits
   * when Signpost limits the rate (429). A refused event does not affect the others.
   *
   * @returns one result per event, in order: accepted, or the error of that event
   * @throws {@link PartlySentError} if a batch could not be sent; it holds the results so far and
   * the unsent events with their ids
   * @example
   * ```ts
   * const type = 'payment.confirmed.v1';
   * const results = await signpost.events.sendMany(
   *   payments.map(({ id, customerId, ...data }) => ({ id, type, customerId, data })),
   * );
   * const refused = results.filter((result) => result instanceof SignpostError);
   * ```
   */
  async sendMany(events: Iterable<NewEvent<Types>>, options: SendOptions = {}): Promise<SendResult[]> {
    const all = [...events].map(withId) as IdentifiedEvent<Types>[];
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

  private async sendBatch(batch: readonly IdentifiedEvent<Types>[], options: SendOptions): Promise<SendResult[]> {
    const body = { events: [...batch] } as never;
    try {
      const response = await this.transport.request('post', '/v1/events/batch', {
        ...options,
        ...NO_IDEMPOTENCY_KEY,
        body,
      });
      return (response.results as BatchResult[]).map(toResult);
    } catch (error) {
      // An event that is too large for any batch is alone in its batch, so the problem is its own.
      if (batch.length === 1 && error instanceof SignpostError && error.status === 413) return [error];
      throw error;
    }
  }

  /**
   * Gets an event with its notifications.
   *
   * @throws {@link SignpostError} `not-found`
   */
  get(id: string) {
    return this.transport.request('get', '/v1/events/{id}', { params: { id } });
  }

  /** Lists events, newest first; pages are fetched during iteration. */
  list(filter?: Omit<NonNullable<Query<'/v1/events', 'get'>>, 'cursor'>): AsyncGenerator<ItemOf<'/v1/events'>, void> {
    return itemsOf((cursor) => this.transport.request('get', '/v1/events', { query: { ...filter, cursor } }));
  }
}

/** The event with its own id, or with a new one if it has none. */
export function withId<E extends { id?: string }>(event: E): E & { id: string } {
  return { ...event, id: event.id ?? newEventId() };
}

type BatchResult = { status: number; code?: string; title?: string; detail?: string; errors?: [] };

function toResult({ status, code, title = '', detail = '', errors, ...accepted }: BatchResult): SendResult {
  return code === undefined ? (accepted as Accepted) : new SignpostError(status, code, title, detail, errors);
}
