import { setTimeout as sleep } from 'node:timers/promises';
import { useCluster } from '../support/cluster';
import { onboard } from '../support/service';
import { itInLongRuns, variants } from '../support/variants';

/** A process stops running in the middle of an attempt, and goes on after another has made it. */
const cluster = useCluster();

interface Frozen {
  name: string;
  settings: { retrySchedule: number[]; timeoutSeconds: number };
  /** The number of the attempt in which the process is frozen. */
  attempt: number;
  /** Records of the two requests: a head start and the workflow's attempt are two attempts. */
  recordsOfTwo: number;
}

const CASES: Frozen[] = [
  { name: 'a head start', settings: { retrySchedule: [], timeoutSeconds: 5 }, attempt: 1, recordsOfTwo: 2 },
  {
    name: 'a retry in the fast lane',
    settings: { retrySchedule: [1], timeoutSeconds: 5 },
    attempt: 2,
    recordsOfTwo: 1,
  },
  {
    name: 'an attempt in the slow lane',
    settings: { retrySchedule: [], timeoutSeconds: 60 },
    attempt: 1,
    recordsOfTwo: 1,
  },
];

itInLongRuns.each(CASES)(
  'frozen during $name for longer than its claim: another process makes it, and the owner records nothing twice when it wakes',
  async ({ settings, attempt, recordsOfTwo }) => {
    const { receiver, database } = cluster;
    const owner = await cluster.start();
    const customer = await onboard(owner, receiver.url(), settings);
    let answer: () => void = () => undefined;
    const before = Array.from({ length: attempt - 1 }, () => 500);
    receiver.answerWith([...before, () => new Promise((resolve) => (answer = () => resolve({ status: 200 }))), 200]);
    const ids = await customer.post();
    await receiver.waitFor(attempt);
    process.kill(owner.pid, 'SIGSTOP');
    try {
      await cluster.makeOverdue();
      const other = await cluster.start();
      await receiver.waitFor(attempt + 1, 90_000);
      await cluster.reach(ids, 'delivered');
      answer();
      process.kill(owner.pid, 'SIGCONT');
      // The owner gets its answer, and tries to record it.
      await sleep(5000);
      for (const service of [owner, other]) expect((await service.call('GET', '/healthz')).status).toBe(200);
    } finally {
      process.kill(owner.pid, 'SIGCONT');
    }
    expect(await cluster.statuses(ids)).toEqual(['delivered']);
    const sent = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(sent).toHaveLength(attempt + 1);
    expect(new Set(sent).size).toBe(1);
    const { rows } = await database.db.query<{ number: number; count: number }>({
      text: `select a.number, n.attempt_count as count from attempts a join notifications n on n.id = a.notification_id order by a.number`,
    });
    const recorded = attempt - 1 + recordsOfTwo;
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: recorded }, (_, index) => index + 1));
    expect(rows.at(-1)!.count).toBe(recorded);
    // It works on as before.
    await cluster.reach(await customer.post(), 'delivered');
  },
  180_000,
);

interface Paused {
  name: string;
  settings: { retrySchedule: number[]; timeoutSeconds: number };
  /** The number of the attempt in which the process is paused. */
  attempt: number;
}

const PAUSED: [Paused, ...Paused[]] = [
  { name: 'a head start', settings: { retrySchedule: [1], timeoutSeconds: 6 }, attempt: 1 },
  // Longer than the timeout of a workflow task: Temporal has the attempt run again.
  { name: 'a retry in the fast lane', settings: { retrySchedule: [1, 1], timeoutSeconds: 12 }, attempt: 2 },
  { name: 'an attempt in the slow lane', settings: { retrySchedule: [1], timeoutSeconds: 16 }, attempt: 1 },
];

it.each(variants(...PAUSED))(
  'paused during $name for longer than its timeout: the answer that came meanwhile counts, and nothing is repeated',
  async ({ settings, attempt }) => {
    const { receiver, database } = cluster;
    const service = await cluster.start();
    const customer = await onboard(service, receiver.url(), settings);
    let answer: () => void = () => undefined;
    const before = Array.from({ length: attempt - 1 }, () => 500);
    receiver.answerWith([...before, () => new Promise((resolve) => (answer = () => resolve({ status: 200 }))), 200]);
    const ids = await customer.post();
    await receiver.waitFor(attempt);
    process.kill(service.pid, 'SIGSTOP');
    answer();
    await sleep((settings.timeoutSeconds + 2) * 1000);
    process.kill(service.pid, 'SIGCONT');
    await cluster.reach(ids, 'delivered');
    await sleep(5000);
    expect(receiver.requests).toHaveLength(attempt);
    const { rows } = await database.db.query<{ status: number }>({
      text: 'select response_status as status from attempts order by number',
    });
    expect(rows.map(({ status }) => status)).toEqual([...before, 200]);
    // The receiver was not slow.
    const slow = await database.db.query({ text: 'select from subscriptions where slow_until is not null' });
    expect(slow.rows).toHaveLength(0);
  },
  120_000,
);
