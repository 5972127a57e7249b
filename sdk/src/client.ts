import { ActivityFeed } from './activity.js';
import { Events, type EventData } from './events.js';
import { Outbox, type OutboxOptions } from './outbox.js';
import { resourcesOf } from './resources.js';
import { Transport, type SignpostOptions } from './transport.js';

type Resources = ReturnType<typeof resourcesOf>;

/**
 * Client of the Signpost API.
 *
 * Every method that calls the API retries 429, 5xx and missing responses, and rejects with a {@link
 * SignpostError} if the API returns a problem or a {@link SignpostUnreachableError} if there was no
 * response. Every `list` returns an async iterator that fetches pages as they are needed.
 *
 * @typeParam Types - the type of `data` by event type name; a payload that does not match it does
 * not compile
 * @example
 * ```ts
 * const signpost = new Signpost({
 *   baseUrl: 'https://signpost.example.com',
 *   apiKey: process.env.SIGNPOST_API_KEY,
 * });
 * await signpost.events.send({
 *   type: 'payment.confirmed.v1',
 *   customerId: 'customer1',
 *   data: { paymentId: 'P-1' },
 * });
 * for await (const { id } of signpost.notifications.list({ status: 'failed' }))
 *   await signpost.notifications.retry(id);
 * ```
 */
export class Signpost<Types extends object = EventData> {
  /** Sends and reads events. */
  readonly events: Events<Types>;
  /** Product lines that publish events. */
  readonly products: Resources['products'];
  /** The catalog of event types and their JSON Schemas. */
  readonly eventTypes: Resources['eventTypes'];
  /** The parties that are notified. */
  readonly customers: Resources['customers'];
  /** Erasures of customers: their progress and receipts. */
  readonly erasures: Resources['erasures'];
  /** Where and how customers are notified. */
  readonly subscriptions: Resources['subscriptions'];
  /** One event for one subscription: status, retry, cancel. */
  readonly notifications: Resources['notifications'];
  /** Single HTTP requests to receivers, as they were sent. */
  readonly attempts: Resources['attempts'];
  /** Bulk retries of a subscription's failed notifications. */
  readonly recoveries: Resources['recoveries'];
  /** Versions that customers and products put into operation, to compare deliveries with. */
  readonly deploys: Resources['deploys'];
  /** URL patterns that subscriptions may use. */
  readonly allowlist: Resources['allowlist'];
  readonly apiKeys: Resources['apiKeys'];
  readonly oauthClients: Resources['oauthClients'];
  /** Short-lived access for one customer to their own subscriptions. */
  readonly portalSessions: Resources['portalSessions'];
  /** Who changed, revealed, retried or cancelled what. */
  readonly audit: Resources['audit'];
  /** The live feed of accepted events, attempts and status changes. */
  readonly activity: ActivityFeed;
  /** Counts and rates of the last hour or day. */
  readonly overview: Resources['overview'];
  /**
   * Makes any call of the API; parameters and response are typed by method and path.
   *
   * @example
   * ```ts
   * const series = await signpost.request('get', '/v1/subscriptions/{id}/series', {
   *   params: { id: subscriptionId },
   *   query: { window: 'day' },
   * });
   * ```
   */
  readonly request: Transport['request'];
  readonly #transport: Transport;

  /**
   * @throws TypeError if `baseUrl` is not an absolute URL, or neither `apiKey` nor `oauth` is given
   */
  constructor(options: SignpostOptions) {
    const transport = new Transport(options);
    this.#transport = transport;
    const resources = resourcesOf(transport);
    this.request = transport.request.bind(transport) as Transport['request'];
    this.events = new Events(transport);
    this.products = resources.products;
    this.eventTypes = resources.eventTypes;
    this.customers = resources.customers;
    this.erasures = resources.erasures;
    this.subscriptions = resources.subscriptions;
    this.notifications = resources.notifications;
    this.attempts = resources.attempts;
    this.recoveries = resources.recoveries;
    this.deploys = resources.deploys;
    this.allowlist = resources.allowlist;
    this.apiKeys = resources.apiKeys;
    this.oauthClients = resources.oauthClients;
    this.portalSessions = resources.portalSessions;
    this.audit = resources.audit;
    this.activity = new ActivityFeed(transport);
    this.overview = resources.overview;
  }

  /**
   * Opens an {@link Outbox}: events are stored on disk and sent in the background, so that
   * producers can continue while Signpost is unreachable.
   *
   * @throws Error if another running process uses the directory, or if it cannot be created
   * @example
   * ```ts
   * const outbox = await signpost.openOutbox({ directory: '/var/lib/payments/outbox' });
   * const id = await outbox.send({ type: 'payment.confirmed.v1', customerId: 'customer1', data });
   * await outbox.close();
   * ```
   */
  openOutbox(options: OutboxOptions): Promise<Outbox<Types>> {
    return Outbox.open(options, (guard) => new Events(this.#transport.guardedBy(guard)));
  }
}
