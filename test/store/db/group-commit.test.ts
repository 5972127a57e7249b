import { setTimeout as sleep } from 'node:timers/promises';
import { GroupCommit } from '../../../src/store/db/group-commit';

/** Stands for an error that says the database is unavailable. */
class Unavailable extends Error {}

function recording(options: { pipelines?: number; maxGatherMs?: number; maxItems?: number } = {}) {
  const groups: number[][] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  const commit = new GroupCommit<number, string>(
    async (items) => {
      groups.push([...items]);
      maxInFlight = Math.max(maxInFlight, ++inFlight);
      await sleep(10);
      inFlight -= 1;
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
  return { commit, groups, maxInFlight: () => maxInFlight };
}

it('writes a single item immediately and groups the items that arrive during a write', async () => {
  const { commit, groups } = recording();
  const results = await Promise.all([commit.submit([1]), commit.submit([2]), commit.submit([3, 4])]);
  expect(results).toEqual([['done 1'], ['done 2'], ['done 3', 'done 4']]);
  expect(groups).toEqual([[1], [2, 3, 4]]);
});

it('keeps concurrent statements within the limit', async () => {
  const { commit, maxInFlight } = recording({ pipelines: 2, maxItems: 1 });
  await Promise.all(Array.from({ length: 8 }, (_, index) => commit.submit([index])));
  expect(maxInFlight()).toBe(2);
});

it('limits the size of a group but keeps the items of one caller together', async () => {
  const { commit, groups } = recording({ maxItems: 3 });
  await Promise.all([commit.submit([0]), commit.submit([1, 2]), commit.submit([3, 4]), commit.submit([5, 6, 7, 8])]);
  expect(groups).toEqual([[0], [1, 2], [3, 4], [5, 6, 7, 8]]);
});

describe('group commit on a fake clock', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** A group commit whose statements take no time. */
  function gathering(maxGatherMs: number) {
    const groups: number[][] = [];
    const write = async (items: readonly number[]) => (groups.push([...items]), [...items]);
    const options = { pipelines: 4, maxGatherMs, maxItems: 1000, isUnavailable: () => false };
    return { commit: new GroupCommit<number, number>(write, options), groups };
  }
  const many = Array.from({ length: 400 }, () => 0);

  it('gathers longer after a larger group', async () => {
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

  it('gathers at most for the configured time', async () => {
    const { commit, groups } = gathering(20);
    await commit.submit(many);
    void commit.submit([2]);
    await jest.advanceTimersByTimeAsync(19);
    expect(groups).toEqual([many]);
    await jest.advanceTimersByTimeAsync(1);
    expect(groups).toEqual([many, [2]]);
  });
});

it('fails only the caller whose items cause the error', async () => {
  const { commit } = recording();
  const outcomes = await Promise.allSettled([
    commit.submit([0]),
    commit.submit([1]),
    commit.submit([-1]),
    commit.submit([2]),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});

it('fails the whole group without single retries if the database is unavailable', async () => {
  const { commit, groups } = recording();
  const outcomes = await Promise.allSettled([commit.submit([0]), commit.submit([1]), commit.submit([-2])]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(groups).toHaveLength(2);
});
