import { Events, type EventData } from './events.js';
import { Outbox, type OutboxOptions } from './outbox.js';
import { resourcesOf } from './resources.js';
import { Transport, type SignpostOptions } from './transport.js';

type Resources = ReturnType<typeof resourcesOf>;

/**
 * A client of Signpost's API.
 *
 * @typeParam Types - the data of each event type, by its name; with it a wrong payload does not compile
 * @example
 * const signpost = new Signpost({ baseUrl: 'https://signpost.example.com', apiKey: process.env.SIGNPOST_API_KEY });
 * await signpost.events.send({ type: 'payment.confirmed.v1', customerId: 'customer1', data: { paymentId: 'P-1' } });
 */
export class Signpost<Types extends object = EventData> {
  readonly events: Events<Types>;
  readonly products: Resources['products'];
  readonly eventTypes: Resources['eventTypes'];
  readonly customers: Resources['customers'];
  readonly subscriptions: Resources['subscriptions'];
  readonly notifications: Resources['notifications'];
  readonly attempts: Resources['attempts'];
  readonly recoveries: Resources['recoveries'];
  readonly allowlist: Resources['allowlist'];
  readonly apiKeys: Resources['apiKeys'];
  readonly oauthClients: Resources['oauthClients'];
  readonly portalSessions: Resources['portalSessions'];
  readonly audit: Resources['audit'];
  readonly overview: Resources['overview'];
  /** Any call of the API, typed by its path. */
  readonly request: Transport['request'];

  /** @throws TypeError where the options are not complete */
  constructor(options: SignpostOptions) {
    const transport = new Transport(options);
    const resources = resourcesOf(transport);
    this.request = transport.request.bind(transport) as Transport['request'];
    this.events = new Events(transport);
    this.products = resources.products;
    this.eventTypes = resources.eventTypes;
    this.customers = resources.customers;
    this.subscriptions = resources.subscriptions;
    this.notifications = resources.notifications;
    this.attempts = resources.attempts;
    this.recoveries = resources.recoveries;
    this.allowlist = resources.allowlist;
    this.apiKeys = resources.apiKeys;
    this.oauthClients = resources.oauthClients;
    this.portalSessions = resources.portalSessions;
    this.audit = resources.audit;
    this.overview = resources.overview;
  }

  /**
   * An outbox on disk: events are safe once they are in it, and are sent in the background, also when Signpost cannot be reached for a while.
   *
   * @throws Error where another process has the directory
   */
  openOutbox(options: OutboxOptions): Promise<Outbox<Types>> {
    return Outbox.open(options, this.events);
  }
}
