import { setTimeout as sleep } from 'node:timers/promises';
import { GroupCommit } from '../../../src/store/db/group-commit';

/** What is written together, and that nobody suffers from another's fault. */
class Unavailable extends Error {}

function recording(options: { pipelines?: number; maxGatherMs?: number; maxItems?: number } = {}) {
  const groups: number[][] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const commit = new GroupCommit<number, string>(
    async (items) => {
      groups.push([...items]);
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      await sleep(10);
      underWay -= 1;
      if (items.includes(-1)) throw new Error('a bad one');
      if (items.includes(-2)) throw new Unavailable();
      return items.map((item) => `done ${item}`);
    },
    {
      pipelines: 1,
      maxGatherMs: 0,
      maxItems: 100,
      isUnavailable: (error) => error instanceof Unavailable,
      ...options,
    },
  );
  return { commit, groups, most: () => mostUnderWay };
}

it('writes one alone at once, and what comes meanwhile together', async () => {
  const { commit, groups } = recording();
  const results = await Promise.all([commit.submit([1]), commit.submit([2]), commit.submit([3, 4])]);
  expect(results).toEqual([['done 1'], ['done 2'], ['done 3', 'done 4']]);
  expect(groups).toEqual([[1], [2, 3, 4]]);
});

it('never has more statements under way than allowed', async () => {
  const { commit, most } = recording({ pipelines: 2, maxItems: 1 });
  await Promise.all(Array.from({ length: 8 }, (_, index) => commit.submit([index])));
  expect(most()).toBe(2);
});

it('bounds a group, yet takes what one caller brings whole', async () => {
  const { commit, groups } = recording({ maxItems: 3 });
  await Promise.all([commit.submit([0]), commit.submit([1, 2]), commit.submit([3, 4]), commit.submit([5, 6, 7, 8])]);
  expect(groups).toEqual([[0], [1, 2], [3, 4], [5, 6, 7, 8]]);
});

describe('on a clock of its own', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** Writes in no time. */
  function gathering(maxGatherMs: number) {
    const groups: number[][] = [];
    const write = async (items: readonly number[]) => (groups.push([...items]), [...items]);
    const options = { pipelines: 4, maxGatherMs, maxItems: 1000, isUnavailable: () => false };
    return { commit: new GroupCommit<number, number>(write, options), groups };
  }
  const many = Array.from({ length: 400 }, () => 0);

  it('lets the next group gather the longer the larger the last one was', async () => {
    const { commit, groups } = gathering(1000);
    await commit.submit(many);
    void commit.submit([2]);
    await jest.advanceTimersByTimeAsync(399);
    void commit.submit([3]);
    expect(groups).toEqual([many]);
    await jest.advanceTimersByTimeAsync(1);
    expect(groups).toEqual([many, [2, 3]]);
    void commit.submit([4]);
    await jest.advanceTimersByTimeAsync(2);
    expect(groups.slice(2)).toEqual([[4]]);
  });

  it('writes immediately after a pause', async () => {
    const { commit, groups } = gathering(1000);
    await commit.submit(many);
    await jest.advanceTimersByTimeAsync(400);
    void commit.submit([2]);
    expect(groups).toEqual([many, [2]]);
  });

  it('gathers no longer than it may', async () => {
    const { commit, groups } = gathering(20);
    await commit.submit(many);
    void commit.submit([2]);
    await jest.advanceTimersByTimeAsync(19);
    expect(groups).toEqual([many]);
    await jest.advanceTimersByTimeAsync(1);
    expect(groups).toEqual([many, [2]]);
  });
});

it('fails only the caller whose items are at fault', async () => {
  const { commit } = recording();
  const outcomes = await Promise.allSettled([
    commit.submit([0]),
    commit.submit([1]),
    commit.submit([-1]),
    commit.submit([2]),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});

it('fails all at once where the database is away, without trying each', async () => {
  const { commit, groups } = recording();
  const outcomes = await Promise.allSettled([commit.submit([0]), commit.submit([1]), commit.submit([-2])]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(groups).toHaveLength(2);
});
