import { decodeId, newUuid } from '../../src/domain/ids';
import { FAILING_EVENT } from '../../src/domain/operational-events';
import { publishRaised } from '../../src/store/operational/publish';
import { markOutOfOrderIfFailing } from '../../src/store/subscriptions/out-of-order';
import { createTestDatabase, type TestDatabase } from './database';
import { seed, seedSubscription, type Seeded } from './seed';

export const RULES = {
  failingPercents: [50, 70, 90],
  quietSeconds: 600,
  eventsPerMinute: 20,
  backlogNotifications: 100,
};
export const URL = 'http://127.0.0.1:1/';
export const DAY = 86_400;

type Data = Record<string, unknown> & { percent?: number; alsoAffected?: number };

/**
 * A database for each test, with a subscription and with operators who follow all operational
 * events.
 */
export class OperationalEvents {
  database!: TestDatabase;
  seeded!: Seeded;
  /** The subscription of the operators. */
  follower!: string;

  constructor() {
    beforeEach(async () => {
      this.database = await createTestDatabase();
      this.seeded = await seed(this.database.db, { url: URL });
      await this.query("insert into customers (id, name, product_id) values ('operators', 'Operators', 'signpost')");
      this.follower = await this.follow('main');
    });
    afterEach(() => this.database.drop());
  }

  /** Adds a subscription of the operators. */
  follow(name: string): Promise<string> {
    return seedSubscription(
      this.database.db,
      { ...this.seeded, customerId: 'operators', productId: 'signpost', eventType: 'signpost.*' },
      { url: URL },
      name,
    );
  }

  readonly query = async <Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await this.database.db.query<Row>({ text, values })).rows;

  /** Makes a subscription look as if its last attempts had failed. */
  readonly failing = async (failures: number, sinceSeconds: number, id = this.seeded.subscriptionId): Promise<void> => {
    await this.query(
      `insert into subscription_attempt_statistics (subscription_id, attempts, successes, failures, failures_since_success, period, period_failures, period_failing_since)
     select id, $2, 0, $2, $2, failure_period, $2, now() - make_interval(secs => $3) from subscriptions where id = $1
     on conflict (subscription_id) do update set period = excluded.period, period_failures = excluded.period_failures,
       period_failing_since = excluded.period_failing_since, period_success_at = null`,
      [decodeId('sub', id), failures, sinceSeconds],
    );
  };

  readonly delivered = async (id = this.seeded.subscriptionId): Promise<void> => {
    await this.query(
      `update subscription_attempt_statistics t set period_failures = 0, period_failing_since = null, period_success_at = now(),
       last_success_at = now(), last_success_attempt_id = $2, period = s.failure_period from subscriptions s where s.id = subscription_id and s.id = $1`,
      [decodeId('sub', id), newUuid()],
    );
  };

  /** What follows a failed attempt. */
  readonly afterFailure = (id = this.seeded.subscriptionId, rules = RULES): Promise<boolean> =>
    markOutOfOrderIfFailing(this.database.db, id, rules);

  readonly publish = (rules = RULES) => publishRaised(this.database.db, rules);

  /** Publishes later than what could cover a failure is raised. */
  readonly publishLater = async (rules = RULES) => {
    await this.query("update operational_outbox set raised_at = raised_at - interval '3 seconds'");
    return this.publish(rules);
  };

  /** Lets the quiet time pass. */
  readonly later = () => this.query("update operational_states set changed_at = changed_at - interval '1 day'");

  /** The events so far: type and data. */
  readonly events = () => this.query<{ type: string; data: Data }>('select type, data from events order by id');

  /** The events so far, each in a word or two. */
  readonly summary = async () =>
    (await this.events()).map(({ type, data }) =>
      type === FAILING_EVENT ? `failing ${data.percent}` : type.split('.')[2],
    );
}
