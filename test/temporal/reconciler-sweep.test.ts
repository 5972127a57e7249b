import { pino } from 'pino';
import type { ReopenedNotification, OverdueNotification } from '../../src/domain/delivery';
import { createMetrics } from '../../src/process/metrics';
import { Reconciler, type ReconcilerDeps } from '../../src/temporal/reconciler';
import type { WorkflowState } from '../../src/temporal/workflow-state';
import { until } from '../support/until';

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
  reopened: false,
  dueInSeconds: 0,
  retryAsked: false,
  attempts: 0,
  unattempted: true,
  ...overrides,
});
const many = (count: number, overrides: Partial<OverdueNotification> = {}) =>
  Array.from({ length: count }, () => overdue(overrides));

const DOWN = Object.assign(new Error('UNAVAILABLE'), { code: 14 });
const TIMEOUT = Object.assign(new Error('DEADLINE_EXCEEDED'), { code: 4, details: '', metadata: {} });
const running = (overrides: Partial<WorkflowState & { kind: 'running' }> = {}): WorkflowState => ({
  kind: 'running',
  runId: 'run',
  idle: true,
  taskAttempts: 0,
  stuck: false,
  ...overrides,
});
const terminated = (closedAt: Date, by: 'person' | 'server' = 'person'): WorkflowState => ({
  kind: 'terminated',
  closedAt,
  by,
});

/** @param state - of each workflow; an error is thrown */
function setUp(
  pages: OverdueNotification[][],
  state: WorkflowState | ((id: string) => WorkflowState | Error) = { kind: 'absent' },
) {
  const seen = {
    started: [] as string[],
    restarted: [] as string[],
    retried: [] as string[],
    released: [] as string[],
    cancelSignals: [] as string[],
    replaced: [] as string[],
    terminated: [] as string[],
    cancelled: [] as string[],
    ended: [] as string[],
    bursts: [] as (readonly string[])[],
    again: [] as [readonly string[], number][],
    checkedNow: [] as string[],
    settled: [] as string[],
    limits: [] as number[],
    states: 0,
  };
  const left = [...pages];
  const note =
    (list: string[]) =>
    async ({ notificationId }: { notificationId: string }) =>
      void list.push(notificationId);
  const deps = {
    store: {
      takeOverdue: async (limit: number) => (seen.limits.push(limit), left.shift() ?? []),
      checkAgain: async (ids: readonly string[], seconds: number) => {
        if (ids.length > 0) seen.again.push([ids, seconds]);
      },
      checkNow: async (ids: readonly string[]) => void seen.checkedNow.push(...ids),
      endCheck: async (id: string) => void seen.ended.push(id),
      reopen: async (id: string): Promise<ReopenedNotification | undefined> => overdue({ notificationId: id }),
      stillOpen: async (ids: readonly string[]) => [...ids],
      cancel: async (id: string) => void seen.cancelled.push(id),
      findUnsettled: async () => ['sub_unsettled'],
      markForgottenHolds: async () => ['sub_forgotten'],
      closeGaps: async () => ['sub_gap'],
      findStalledRecoveries: async () => [] as string[],
      findStalledErasures: async () => [] as string[],
      summariseResponseTimes: async () => undefined,
    },
    workflows: {
      start: async ({ notificationId }: OverdueNotification) => seen.started.push(notificationId) > 0,
      restart: async ({ notificationId }: OverdueNotification) => seen.restarted.push(notificationId) > 0,
      retry: note(seen.retried),
      release: note(seen.released),
      replace: note(seen.replaced),
      cancel: async (id: string) => void seen.cancelSignals.push(id),
      terminate: async (id: string) => void seen.terminated.push(id),
      runBurst: async (_: string, ids: readonly string[]) => void seen.bursts.push(ids),
      stateOf: async (id: string) => {
        seen.states += 1;
        const found = typeof state === 'function' ? state(id) : state;
        if (found instanceof Error) throw found;
        return found;
      },
    } as unknown as ReconcilerDeps['workflows'],
    ping: async () => true as unknown,
    burst: true,
    startSettling: async (id: string) => void seen.settled.push(id),
    operationalEvents: { publish: async () => undefined, checkBacklog: async () => undefined },
    resumeRecovery: async () => undefined,
    startErasure: async () => undefined,
    listTerminated: async () => [] as string[],
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  } satisfies ReconcilerDeps;
  return { seen, deps, reconciler: new Reconciler(deps) };
}

describe('a notification', () => {
  const nothing = {
    started: [],
    restarted: [],
    retried: [],
    released: [],
    cancelSignals: [],
    replaced: [],
    terminated: [],
    cancelled: [],
    ended: [],
  };
  async function actionsFor(one: OverdueNotification, state: WorkflowState) {
    const { seen, reconciler } = setUp([[one]], state);
    await reconciler.sweep();
    return Object.fromEntries(Object.keys(nothing).map((action) => [action, seen[action as keyof typeof nothing]]));
  }

  it.each([
    ['without a workflow is started', { kind: 'absent' }, 'started'],
    ['whose workflow was closed is started again', { kind: 'closed' }, 'restarted'],
    ['whose workflow was terminated by a person is cancelled', terminated(LATER), 'cancelled'],
    ['whose workflow was terminated by the server is started again', terminated(LATER, 'server'), 'restarted'],
    ['opened again after its workflow was terminated is started', terminated(EARLIER), 'restarted'],
    ['whose workflow waits gets the release signal it may have missed', running(), 'released'],
    ['whose workflow is about to act is left alone', running({ idle: false, taskAttempts: 9 }), undefined],
    ['whose workflow task fails again and again is replaced', running({ idle: false, stuck: true }), 'replaced'],
  ] satisfies [string, WorkflowState, string | undefined][])('%s', async (_, state, expected) => {
    const one = overdue();
    expect(await actionsFor(one, state)).toEqual({ ...nothing, ...(expected && { [expected]: [one.notificationId] }) });
  });

  it.each([
    ['that waits for its next attempt is left to its workflow', { status: 'retrying' }, running(), undefined],
    ['whose retry signal was lost gets it', { status: 'retrying', retryAsked: true }, running(), 'retried'],
    [
      'whose retry signal was lost gets it even if its workflow is busy',
      { status: 'retrying', retryAsked: true },
      running({ idle: false, taskAttempts: 1 }),
      'retried',
    ],
    ['that was reopened gets the retry signal', { reopened: true }, running(), 'retried'],
    ['that was cancelled: its workflow gets the signal', { status: 'cancelled' }, running(), 'cancelSignals'],
    [
      'that was cancelled: its stuck workflow is terminated',
      { status: 'cancelled' },
      running({ idle: false, stuck: true }),
      'terminated',
    ],
    ['that was cancelled is done once its workflow is closed', { status: 'cancelled' }, { kind: 'closed' }, 'ended'],
    ['that was cancelled is done without a workflow', { status: 'cancelled' }, { kind: 'absent' }, 'ended'],
    ['that is held is cancelled if its workflow was terminated', { status: 'held' }, terminated(LATER), 'cancelled'],
    ['that is held stays held if the server did', { status: 'held' }, terminated(LATER, 'server'), 'ended'],
    ['that is held stays held if its workflow runs', { status: 'held' }, running(), 'ended'],
  ] satisfies [string, Partial<OverdueNotification>, WorkflowState, string | undefined][])(
    '%s',
    async (_, overrides, state, expected) => {
      const one = overdue(overrides);
      expect(await actionsFor(one, state)).toEqual({
        ...nothing,
        ...(expected && { [expected]: [one.notificationId] }),
      });
    },
  );
});

it('a notification whose workflow was terminated by the server before its next attempt waits until that is due', async () => {
  const one = overdue({ status: 'retrying', dueInSeconds: 40 });
  const { seen, reconciler } = setUp([[one]], terminated(LATER, 'server'));
  await reconciler.sweep();
  expect([seen.restarted, seen.again]).toEqual([[], [[[one.notificationId], 40]]]);
});

it('a reopened notification whose workflow is busy is checked again after 10 s', async () => {
  const one = overdue({ reopened: true });
  const { seen, reconciler } = setUp([[one]], running({ idle: false, taskAttempts: 1 }));
  await reconciler.sweep();
  expect([seen.retried, seen.again]).toEqual([[], [[[one.notificationId], 10]]]);
});

describe('failures', () => {
  it('one notification whose check fails does not keep the others of its batch from being started', async () => {
    const all = many(15, { unattempted: false });
    const bad = all[3]!.notificationId;
    const { seen, reconciler } = setUp([all], (id) => (id === bad ? new Error('broken') : { kind: 'absent' }));
    await reconciler.sweep();
    expect(seen.started).toHaveLength(14);
    expect(seen.again).toEqual([[[bad], 10]]);
  });

  it('one notification whose start fails does not keep the others from being started', async () => {
    const all = many(15, { unattempted: false });
    const bad = all[0]!.notificationId;
    const { seen, deps } = setUp([all]);
    const start = async ({ notificationId }: ReopenedNotification) => {
      if (notificationId === bad) throw new Error('refused');
      return seen.started.push(notificationId) > 0;
    };
    await new Reconciler({ ...deps, workflows: { ...deps.workflows, start } }).sweep();
    expect(seen.started).toHaveLength(14);
    expect(seen.again).toEqual([[[bad], 10]]);
  });

  it('takes nothing while Temporal does not respond, so that all are checked as soon as it does', async () => {
    const { seen, deps } = setUp([many(3, { unattempted: false })]);
    let isUp = false;
    const ping = async () => {
      if (!isUp) throw DOWN;
    };
    const reconciler = new Reconciler({ ...deps, ping });
    await reconciler.sweep();
    expect(seen.limits).toEqual([]);
    isUp = true;
    await reconciler.sweep();
    expect(seen.started).toHaveLength(3);
  });

  it('gives back immediately what it has taken when Temporal becomes unreachable', async () => {
    const all = many(200, { unattempted: false });
    const { seen, reconciler } = setUp([all, many(1)], () => DOWN);
    await reconciler.sweep();
    expect(seen.again.flatMap(([ids]) => ids).sort()).toEqual(all.map(({ notificationId }) => notificationId).sort());
    expect(new Set(seen.again.map(([, seconds]) => seconds))).toEqual(new Set([0]));
    expect(seen.states).toBeLessThanOrEqual(8);
    expect(seen.limits).toHaveLength(1);
  });

  it('stops after timeouts in a row, but not because of notifications here and there that always time out', async () => {
    const frozen = setUp([many(200, { unattempted: false })], () => TIMEOUT);
    await frozen.reconciler.sweep();
    expect(frozen.seen.states).toBeLessThanOrEqual(16);
    const all = many(200, { unattempted: false });
    const late = new Set(all.filter((_, index) => index % 20 === 0).map(({ notificationId }) => notificationId));
    const slow = setUp([all], (id) => (late.has(id) ? TIMEOUT : { kind: 'absent' }));
    await slow.reconciler.sweep();
    expect(slow.seen.started).toHaveLength(190);
  });

  it('checks the members of a burst again that could not be started', async () => {
    const all = many(16);
    const { seen, deps } = setUp([all]);
    const workflows = { ...deps.workflows, runBurst: () => Promise.reject(new Error('refused')) };
    await new Reconciler({ ...deps, workflows }).sweep();
    expect(seen.again).toEqual([[all.map(({ notificationId }) => notificationId), 10]]);
  });

  it('settlements do not wait for a sweep of notifications that does not end', async () => {
    const { seen, deps } = setUp([]);
    const store = { ...deps.store, takeOverdue: () => new Promise<never>(() => undefined) };
    const reconciler = new Reconciler({ ...deps, store });
    reconciler.start();
    await until(
      async () => seen.settled,
      (settled) => ['sub_unsettled', 'sub_forgotten', 'sub_gap'].every((id) => settled.includes(id)),
    );
    void reconciler.stop();
  });

  it('a settlement that cannot be started does not affect the others', async () => {
    const { seen, deps } = setUp([]);
    const store = { ...deps.store, findUnsettled: async () => ['sub_a', 'sub_bad', 'sub_b'] };
    const startSettling = async (id: string) => {
      if (id === 'sub_bad') throw new Error('refused');
      seen.settled.push(id);
    };
    await new Reconciler({ ...deps, store, startSettling }).sweep();
    expect(seen.settled).toEqual(expect.arrayContaining(['sub_a', 'sub_b']));
  });

  it('a recovery that cannot be resumed does not affect the others', async () => {
    const { deps } = setUp([]);
    const store = { ...deps.store, findStalledRecoveries: async () => ['rec_bad', 'rec_a'] };
    const resumed: string[] = [];
    const resumeRecovery = async (id: string) => {
      if (id === 'rec_bad') throw new Error('refused');
      resumed.push(id);
    };
    await new Reconciler({ ...deps, store, resumeRecovery }).sweep();
    expect(resumed).toEqual(['rec_a']);
  });
});

it('checks notifications whose workflow was terminated in the same round, hours before their next attempt', async () => {
  const { seen, deps } = setUp([]);
  const reconciler = new Reconciler({ ...deps, listTerminated: async () => ['ntf_terminated'] });
  await reconciler.sweep();
  expect(seen.checkedNow).toEqual(['ntf_terminated']);
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

  it('settles what was not settled, and what was forgotten', async () => {
    const { seen, reconciler } = setUp([]);
    await reconciler.sweep();
    expect(seen.settled).toEqual(['sub_unsettled', 'sub_forgotten', 'sub_gap']);
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
