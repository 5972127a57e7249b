import { Client, Pool } from 'pg';
import { Inbox } from '../../../sdk/src/receiver';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';

let database: TestDatabase;
let pool: Pool;
let inbox: Inbox;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 5 });
  // The database is dropped while connections of an ended pool are still being closed.
  pool.on('error', () => undefined);
  inbox = new Inbox();
  await pool.query(inbox.schema);
  await pool.query('create table payments (id text not null)');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('truncate payments, signpost_inbox'));

const payments = async () =>
  (await pool.query('select id from payments order by id')).rows.map(({ id }) => id as string);

/** Processes a delivery as a receiver would: on a connection of its own. */
async function receive(
  id: string,
  work: (client: Client) => unknown,
  used = inbox,
  options?: string,
): Promise<boolean> {
  const client = new Client({ connectionString: database.url, options });
  await client.connect();
  try {
    return await used.run(client, id, () => work(client));
  } finally {
    await client.end();
  }
}
const insert = (id: string) => (client: Client) => client.query('insert into payments values ($1)', [id]);

it('the inbox runs the work of an id once', async () => {
  expect(await receive('evt_1', insert('a'))).toBe(true);
  const repeated = jest.fn(insert('b'));
  expect(await receive('evt_1', repeated)).toBe(false);
  expect(repeated).not.toHaveBeenCalled();
  expect(await receive('evt_2', insert('c'))).toBe(true);
  expect(await payments()).toEqual(['a', 'c']);
});

it('of ten concurrent deliveries of an id, the inbox runs the work of one, and the others wait for it', async () => {
  let finished = false;
  const results = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const isRun = await receive('evt_1', async (client) => {
        await insert('a')(client);
        await new Promise((resolve) => setTimeout(resolve, 100));
        finished = true;
      });
      return [isRun, finished];
    }),
  );
  expect(results.filter(([isRun]) => isRun)).toHaveLength(1);
  expect(results.every(([, isFinished]) => isFinished)).toBe(true);
  expect(await payments()).toEqual(['a']);
});

it.each(['repeatable\\ read', 'serializable'])(
  'of two concurrent deliveries, the second finds the first where transactions are %s by default',
  async (level) => {
    const strict = `-c default_transaction_isolation=${level}`;
    let end: () => void = () => undefined;
    let first: Promise<boolean> = Promise.resolve(false);
    await new Promise<void>((begun) => {
      const work = () => {
        begun();
        return new Promise<void>((resolve) => (end = resolve));
      };
      first = receive('evt_1', work, inbox, strict);
    });
    const second = receive('evt_1', insert('b'), inbox, strict);
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await until(
      async () => (await pool.query(waiting)).rowCount,
      (count) => count === 1,
    );
    end();
    expect(await Promise.all([first, second])).toEqual([true, false]);
    expect(await payments()).toEqual([]);
  },
);

it('the inbox rolls back work that throws, and the next delivery runs it', async () => {
  const failing = receive('evt_1', async (client) => {
    await insert('a')(client);
    throw new Error('the work failed');
  });
  await expect(failing).rejects.toThrow('the work failed');
  expect(await payments()).toEqual([]);
  expect(await receive('evt_1', insert('b'))).toBe(true);
  expect(await payments()).toEqual(['b']);
});

it('a delivery that waits for one that fails runs the work', async () => {
  let fail: (error: Error) => void = () => undefined;
  let failed: Promise<void> = Promise.resolve();
  await new Promise<void>((begun) => {
    const first = receive('evt_1', () => {
      begun();
      return new Promise((_resolve, reject) => (fail = reject));
    });
    failed = expect(first).rejects.toThrow('later');
  });
  const second = receive('evt_1', insert('b'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  fail(new Error('later'));
  await failed;
  expect(await second).toBe(true);
  expect(await payments()).toEqual(['b']);
});

it('the inbox throws if a statement of the work failed and the work ignored that', async () => {
  const ignoring = receive('evt_1', async (client) => {
    await insert('a')(client);
    await client.query('select 1/0').catch(() => undefined);
  });
  await expect(ignoring).rejects.toThrow('was rolled back');
  expect(await payments()).toEqual([]);
  expect(await receive('evt_1', insert('b'))).toBe(true);
});

it('nothing is stored if the connection breaks during the work', async () => {
  const broken = receive('evt_1', async (client) => {
    client.on('error', () => undefined);
    await insert('a')(client);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await insert('b')(client);
  });
  await expect(broken).rejects.toThrow();
  expect(await payments()).toEqual([]);
  expect(await receive('evt_1', insert('c'))).toBe(true);
});

it('two receivers on one database both process an event that goes to both', async () => {
  expect(await receive('evt_1', insert('a'))).toBe(true);
  expect(await receive('evt_1', insert('b'), new Inbox({ receiver: 'audit' }))).toBe(true);
  expect(await payments()).toEqual(['a', 'b']);
});

it('claim joins a transaction of the caller', async () => {
  const client = await pool.connect();
  await client.query('begin');
  expect([await inbox.claim(client, 'evt_1'), await inbox.claim(client, 'evt_1')]).toEqual([true, false]);
  await client.query('rollback');
  client.release();
  expect(await receive('evt_1', insert('a'))).toBe(true);
});

it('purge deletes the ids of this receiver that are older than 30 days, or than a given number', async () => {
  const other = new Inbox({ receiver: 'other' });
  for (const [id, days] of [
    ['old', 31],
    ['new', 29],
    ['newer', 1],
  ] as const)
    await pool.query(`insert into signpost_inbox values ('default', $1, now() - make_interval(days => $2))`, [
      id,
      days,
    ]);
  expect(await other.purge(pool)).toBe(0);
  expect(await inbox.purge(pool)).toBe(1);
  expect(await inbox.purge(pool, 7)).toBe(1);
  expect((await pool.query('select id from signpost_inbox')).rows).toEqual([{ id: 'newer' }]);
});

it('the schema can be applied again, and to a table of another schema', async () => {
  await pool.query(inbox.schema);
  const own = new Inbox({ table: 'app.webhook_ids' });
  await pool.query(`create schema app; ${own.schema}`);
  expect(await receive('evt_1', insert('a'), own)).toBe(true);
});

it('the inbox refuses a pool, and a table name that is not plain', async () => {
  await expect(inbox.run(pool, 'evt_1', () => undefined)).rejects.toThrow(TypeError);
  expect(() => new Inbox({ table: 'a; drop table b' })).toThrow(TypeError);
});
