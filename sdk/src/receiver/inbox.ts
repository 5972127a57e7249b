/** A connection to Postgres, such as a `Client` or a checked-out `PoolClient` of `pg`. */
export interface InboxClient {
  query(text: string, values?: unknown[]): Promise<{ rowCount: number | null; command?: string }>;
}

/** Options of {@link Inbox}. */
export interface InboxOptions {
  /**
   * Table of the ids, optionally with its schema.
   * @default 'signpost_inbox'
   */
  table?: string;
  /**
   * Name of this receiver. Receivers that share a database need a name each: an event that goes to
   * two subscriptions has the same id in both.
   * @default 'default'
   */
  receiver?: string;
}

const TABLE = /^[a-z_]\w*(\.[a-z_]\w*)?$/i;
const DAY_SECONDS = 86_400;

/**
 * Runs the work of each delivery once, in one Postgres transaction with the record of its
 * `webhook-id`. Either both are stored or neither.
 *
 * @example
 * ```ts
 * const inbox = new Inbox();
 * await pool.query(inbox.schema);
 *
 * const client = await pool.connect();
 * try {
 *   await inbox.run(client, delivery.id, () =>
 *     client.query('insert into payments (id) values ($1)', [paymentId]),
 *   );
 * } finally {
 *   client.release();
 * }
 * ```
 */
export class Inbox {
  /** SQL that creates the table if it is absent. For your migrations, or at the start. */
  readonly schema: string;
  private readonly table: string;
  private readonly receiver: string;

  /** @throws TypeError if `table` is not a plain name */
  constructor({ table = 'signpost_inbox', receiver = 'default' }: InboxOptions = {}) {
    if (!TABLE.test(table))
      throw new TypeError(`table must be a name such as signpost_inbox or app.inbox; got ${JSON.stringify(table)}.`);
    this.table = table;
    this.receiver = receiver;
    const index = `${table.replace(/^.*\./, '')}_received_at`;
    this.schema = `create table if not exists ${table} (
  receiver text not null,
  id text not null,
  received_at timestamptz not null default now(),
  primary key (receiver, id)
);
create index if not exists ${index} on ${table} (received_at);`;
  }

  /**
   * Runs `work` in a transaction, unless the id was processed before. If `work` throws, everything
   * is rolled back and the error is thrown, so that the delivery is repeated.
   *
   * Of two deliveries at the same moment, the second waits for the first. It runs `work` only if
   * the first failed.
   *
   * @param client - a connection of its own, not a pool, and not in a transaction. `work` uses it
   * for its statements and must not end the transaction
   * @param id - the `webhook-id`
   * @returns whether `work` was run
   * @throws Error if the transaction was rolled back although `work` did not throw
   */
  async run(client: InboxClient, id: string, work: () => unknown): Promise<boolean> {
    if ('totalCount' in client)
      throw new TypeError(
        'client is a pool, which may use a different connection for each statement; pass one of its clients.',
      );
    await client.query('begin isolation level read committed');
    try {
      const isNew = await this.claim(client, id);
      if (isNew) await work();
      const { command } = await client.query(isNew ? 'commit' : 'rollback');
      // Postgres answers a commit with ROLLBACK if a statement failed and `work` ignored that.
      if (isNew && command === 'ROLLBACK')
        throw new Error(
          `The work for ${id} was rolled back: one of its statements failed, and the work did not throw.`,
        );
      return isNew;
    } catch (error) {
      // If the connection is broken, the server rolls back, and the first error says why.
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /**
   * Records an id in a transaction of your own, for libraries that manage transactions.
   *
   * @returns whether the id is new; if not, do nothing
   */
  async claim(client: InboxClient, id: string): Promise<boolean> {
    const text = `insert into ${this.table} (receiver, id) values ($1, $2) on conflict do nothing`;
    return (await client.query(text, [this.receiver, id])).rowCount === 1;
  }

  /**
   * Deletes the ids of this receiver that are older than `days`. An event that is delivered again
   * after that is processed again, so keep ids for longer than events may be retried.
   *
   * @param client - a connection or a pool
   * @returns the number of deleted ids
   */
  async purge(client: InboxClient, days = 30): Promise<number> {
    const text = `delete from ${this.table} where receiver = $1 and received_at < now() - make_interval(secs => $2)`;
    return (await client.query(text, [this.receiver, days * DAY_SECONDS])).rowCount ?? 0;
  }
}
