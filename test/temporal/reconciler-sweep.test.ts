import { pino } from 'pino';
import type { OverdueNotification } from '../../src/domain/delivery';
import { createMetrics } from '../../src/process/metrics';
import { Reconciler, type ReconcilerDeps } from '../../src/temporal/reconciler';

/**
 * What a sweep decides about each notification, and how it starts many. What it finds in Postgres
 * and Temporal is given.
 */
const OPENED_AT = new Date(Date.UTC(2026, 0, 1, 12));
const EARLIER = new Date(OPENED_AT.getTime() - 1);
const LATER = new Date(OPENED_AT.getTime() + 1);

let counter = 0;
const overdue = (overrides: Partial<OverdueNotification> = {}): OverdueNotification => ({
  notificationId: `ntf_${++counter}`,
  schedule: [],
  lane: 'fast',
  customerId: 'customer',
  subscriptionId: 'sub_1',
  eventType: 'a.b',
  status: 'pending',
  openedAt: OPENED_AT,
  retryAsked: false,
  unattempted: true,
  ...overrides,
});
const many = (count: number, overrides: Partial<OverdueNotification> = {}) =>
  Array.from({ length: count }, () => overdue(overrides));

function setUp(pages: OverdueNotification[][], described?: { name: string; closeTime?: Date }) {
  const seen = {
    started: [] as string[],
    restarted: [] as string[],
    retried: [] as string[],
    cancelled: [] as string[],
    bursts: [] as (readonly string[])[],
    holdChecks: 0,
    settled: [] as string[],
    limits: [] as number[],
  };
  const left = [...pages];
  const deps = {
    store: {
      takeOverdue: async (limit: number) => (seen.limits.push(limit), left.shift() ?? []),
      stillOpen: async (ids: readonly string[]) => [...ids],
      cancel: async (id: string) => void seen.cancelled.push(id),
      findUnsettled: async () => ['sub_unsettled'],
      markForgottenHolds: async () => (seen.holdChecks++, ['sub_forgotten']),
    },
    workflows: {
      start: async ({ notificationId }: OverdueNotification) => seen.started.push(notificationId) > 0,
      restart: async ({ notificationId }: OverdueNotification) => seen.restarted.push(notificationId) > 0,
      retry: async ({ notificationId }: OverdueNotification) => void seen.retried.push(notificationId),
      runBurst: async (_: string, ids: readonly string[]) => void seen.bursts.push(ids),
      describe: async () => described && { status: { name: described.name }, closeTime: described.closeTime },
    } as unknown as ReconcilerDeps['workflows'],
    burst: true,
    startSettling: async (ids: string[]) => void seen.settled.push(...ids),
    resumeRecoveries: async () => undefined,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  } satisfies ReconcilerDeps;
  return { seen, deps, reconciler: new Reconciler(deps) };
}

describe('a notification', () => {
  it.each([
    ['without a workflow is started', undefined, 'started'],
    ['whose workflow completed is started again', { name: 'COMPLETED', closeTime: LATER }, 'restarted'],
    ['whose workflow failed is started again', { name: 'FAILED', closeTime: LATER }, 'restarted'],
    ['whose workflow was cancelled is started again', { name: 'CANCELLED', closeTime: LATER }, 'restarted'],
    ['whose workflow was terminated is cancelled', { name: 'TERMINATED', closeTime: LATER }, 'cancelled'],
    [
      'opened again after its workflow was terminated is started',
      { name: 'TERMINATED', closeTime: EARLIER },
      'restarted',
    ],
    ['whose workflow runs is left alone', { name: 'RUNNING' }, undefined],
  ] as const)('%s', async (_, described, expected) => {
    const one = overdue();
    const { seen, reconciler } = setUp([[one]], described);
    await reconciler.sweep();
    const { started, restarted, retried, cancelled } = seen;
    expect({ started, restarted, retried, cancelled }).toEqual({
      started: [],
      restarted: [],
      retried: [],
      cancelled: [],
      ...(expected && { [expected]: [one.notificationId] }),
    });
  });

  it('whose workflow runs gets the signal for a retry that somebody asked for', async () => {
    const one = overdue({ retryAsked: true });
    const { seen, reconciler } = setUp([[one]], { name: 'RUNNING' });
    await reconciler.sweep();
    expect([seen.retried, seen.started]).toEqual([[one.notificationId], []]);
  });
});

describe('a sweep', () => {
  it('goes on until it has seen all that is overdue', async () => {
    const pages = [many(200, { unattempted: false }), many(1, { unattempted: false })];
    const { seen, reconciler } = setUp(pages);
    await reconciler.sweep();
    expect(seen.started.sort()).toEqual(
      pages
        .flat()
        .map(({ notificationId }) => notificationId)
        .sort(),
    );
    expect(seen.limits).toEqual([200, 200]);
  });

  it('settles what was not settled, and looks for forgotten holds in every sixth sweep', async () => {
    const { seen, reconciler } = setUp([]);
    for (let sweep = 0; sweep < 7; sweep++) await reconciler.sweep();
    expect(seen.holdChecks).toBe(2);
    expect(seen.settled.filter((id) => id === 'sub_unsettled')).toHaveLength(7);
    expect(seen.settled.filter((id) => id === 'sub_forgotten')).toHaveLength(2);
  });

  it('starts 16 that were never attempted together', async () => {
    const all = many(16);
    const { seen, reconciler } = setUp([all]);
    await reconciler.sweep();
    expect(seen.bursts).toEqual([all.map(({ notificationId }) => notificationId)]);
    expect(seen.started).toEqual([]);
  });

  it('starts 15 that were never attempted one by one', async () => {
    const { seen, reconciler } = setUp([many(15)]);
    await reconciler.sweep();
    expect(seen.bursts).toEqual([]);
    expect(seen.started).toHaveLength(15);
  });

  it.each([
    ['was attempted', { unattempted: false }],
    ['is in the slow lane', { lane: 'slow' }],
  ] as const)('starts one that %s beside those that it starts together', async (_, overrides) => {
    const apart = overdue(overrides);
    const { seen, reconciler } = setUp([[...many(16), apart]]);
    await reconciler.sweep();
    expect(seen.bursts[0]).toHaveLength(16);
    expect(seen.started).toEqual([apart.notificationId]);
  });

  it('starts each by itself if bursts are switched off', async () => {
    const { seen, deps } = setUp([many(20)]);
    await new Reconciler({ ...deps, burst: false }).sweep();
    expect(seen.bursts).toEqual([]);
    expect(seen.started).toHaveLength(20);
  });
});

it('stops after the sweep under way', async () => {
  let go: () => void = () => undefined;
  const { deps } = setUp([]);
  let asked = 0;
  const store = {
    ...deps.store,
    takeOverdue: async () => {
      asked += 1;
      await new Promise<void>((resolve) => (go = resolve));
      return many(200, { unattempted: false });
    },
  };
  const reconciler = new Reconciler({ ...deps, store });
  reconciler.start();
  while (asked === 0) await new Promise((resolve) => setImmediate(resolve));
  let stopped = false;
  const stopping = reconciler.stop().then(() => (stopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBe(false);
  go();
  await stopping;
  expect(asked).toBe(1);
});
