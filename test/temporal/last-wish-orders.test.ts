import { setTimeout as sleep } from 'node:timers/promises';
import { findRef } from '../../src/store/notifications/notification-refs';
import { markDue, reopenNotification } from '../../src/store/notifications/reopen';
import { requestCancel } from '../../src/store/notifications/transitions';
import { markSettling } from '../../src/store/subscriptions/settling';
import { settleNow } from '../../src/temporal/settlement';
import { seededRandom } from '../support/random';
import { testReconciler } from '../support/reconciler';
import { setSubscription } from '../support/rows';
import { acceptOne, seed, type Seeded } from '../support/seed';
import { until } from '../support/until';
import { usePipeline } from '../support/use-pipeline';

/**
 * Wishes in random orders, between and during attempts, with signals that are lost because Temporal
 * is away. The record is written as by the API, so the reconciler has to bring the rest in line.
 */
const on = usePipeline();
const random = seededRandom();
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

/** In CI the test starts no further round after this time. */
const SECONDS = process.env.SIGNPOST_LONG_FAULTS ? 180 : 12;
const AT_ONCE = 16;
const MOST_WISHES = 5;
const MAX_RESPONSE_MS = 250;
const LOST = 0.3;
/** Sweeps until the outcomes must be there. */
const SWEEPS = 60;
/** Long waits: what is attempted was wished. */
const RETRY_SCHEDULE = [3600, 3600, 3600, 3600, 3600];
const WISHES = ['cancel', 'retry', 'disable', 'enable'] as const;
type Wish = (typeof WISHES)[number] | 'delete';
type Last = 'cancel' | 'retry' | 'delete';

interface Wished {
  id: string;
  seeded: Seeded;
  /** Every wish with the status it met, for the message of a failure. */
  log: string[];
  expected: string;
}

/** Sends what follows a commit, unless it is lost. */
async function signal(wished: Wished, isLost: boolean, send: () => Promise<unknown>): Promise<void> {
  if (isLost) wished.log.push('(lost)');
  else await send();
}

async function change(wished: Wished, assignments: string, isLost: boolean): Promise<void> {
  const { db, temporal, taskQueue } = on.pipeline;
  const { subscriptionId } = wished.seeded;
  const marked = await db.transaction(async (executor) => {
    await setSubscription(executor, subscriptionId, assignments);
    return markSettling(executor, { subscriptionId });
  });
  await signal(wished, isLost, () => settleNow({ use: () => temporal }, taskQueue, marked));
}

/** As the routes of the API. */
async function wish(wished: Wished, kind: Wish): Promise<void> {
  const { db, workflows } = on.pipeline;
  const { id, log } = wished;
  const isLost = random() < LOST;
  const { status } = await on.find(id);
  log.push(`${kind} of ${status}`);
  switch (kind) {
    case 'disable':
      return change(wished, 'enabled = false', isLost);
    case 'enable':
      return change(wished, 'enabled = true', isLost);
    case 'delete':
      return change(wished, 'deleted_at = now()', isLost);
    case 'cancel': {
      const cancelled = (await db.transaction((executor) => requestCancel(executor, id)))!;
      return signal(wished, isLost, () => workflows.cancel(id, cancelled.openedAt));
    }
    case 'retry': {
      if (status === 'held' || status === 'delivered') return;
      const { reopened, ref } = await db.transaction(async (executor) => {
        const again = await reopenNotification(executor, id);
        const found = again ?? (await findRef(executor, id))!;
        await markDue(executor, id);
        return { reopened: again !== undefined, ref: found };
      });
      return signal(wished, isLost, () => workflows.retry(ref, { reopened }));
    }
  }
}

/** Sweeps as if the time had come for everything that the reconciler looks at. */
async function sweep(): Promise<void> {
  await on.pipeline.db.query({
    text: `update subscriptions set settling_since = settling_since - interval '1 minute' where settling_since is not null`,
  });
  await testReconciler(on.pipeline).sweepAll();
}

/** Wishes in a random order, and a last one whose outcome is certain. */
async function scenario(seeded: Seeded, succeed: () => void): Promise<Wished> {
  const [notification] = await acceptOne(on.pipeline.db, seeded);
  const wished: Wished = { id: notification!.notificationId, seeded, log: [], expected: '' };
  if (random() < 0.8) await on.pipeline.workflows.start(notification!);
  else wished.log.push('not started');
  for (let left = Math.floor(random() * (MOST_WISHES + 1)); left > 0; left--) {
    await sleep(random() * 150);
    await wish(wished, pick(WISHES));
  }
  const last = pick<Last>(['cancel', 'retry', 'delete']);
  if (last === 'retry') {
    await wish(wished, 'enable');
    // A held notification is released, not retried.
    await until(
      async () => {
        const { status } = await on.find(wished.id);
        if (status === 'held') await sweep();
        return status;
      },
      (status) => status !== 'held',
      20_000,
    );
    succeed();
    // A retry merges into a manual attempt in flight, whose outcome was decided before.
    await sleep(2 * MAX_RESPONSE_MS);
    await until(
      () => on.find(wished.id),
      ({ status }) => status !== 'delivering',
      20_000,
    );
  }
  await sleep(random() * 150);
  const { status } = await on.find(wished.id);
  await wish(wished, last);
  // A cancellation changes nothing of a notification that has failed or was delivered.
  wished.expected = last === 'retry' ? 'delivered' : ['failed', 'delivered'].includes(status) ? status : 'cancelled';
  return wished;
}

it(
  'the last of any wishes counts, in whatever order, during attempts and with lost signals',
  async () => {
    const succeeding = new Set<string>();
    on.receiver.answerWith(async ({ path }) => {
      const status = succeeding.has(path) ? 200 : 500;
      await sleep(random() * MAX_RESPONSE_MS);
      return { status };
    });
    const endAt = performance.now() + SECONDS * 1000;
    let count = 0;
    do {
      const all = await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const path = `/hook/${count + index}`;
          const seeded = await seed(on.pipeline.db, {
            url: on.receiver.url(path),
            retrySchedule: RETRY_SCHEDULE,
            timeoutSeconds: pick([5, 60]),
          });
          return scenario(seeded, () => succeeding.add(path));
        }),
      );
      count += AT_ONCE;
      await settled(all);
    } while (performance.now() < endAt);
    process.stderr.write(`${count} notifications ended as wished\n`);
  },
  (SECONDS + 120) * 1000,
);

/** Waits until every notification has the outcome of its last wish, and its workflow has closed. */
async function settled(all: readonly Wished[]): Promise<void> {
  let wrong: string[] = [];
  for (let sweeps = 0; sweeps < SWEEPS; sweeps++) {
    await sweep();
    const found = await Promise.all(all.map(faultOf));
    wrong = found.flatMap((fault) => fault ?? []);
    if (wrong.length === 0) return;
    await sleep(300);
  }
  expect(wrong).toEqual([]);
}

async function faultOf({ id, log, expected }: Wished): Promise<string | undefined> {
  const { status } = await on.find(id);
  const { kind } = await on.pipeline.workflows.stateOf(id);
  if (status === expected && kind !== 'running') return undefined;
  return `${log.join(', ')}: expected ${expected}, is ${status}, its workflow is ${kind}`;
}
