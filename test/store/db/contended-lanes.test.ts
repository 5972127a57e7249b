import { setTimeout as sleep } from 'node:timers/promises';
import { GroupCommit } from '../../../src/store/db/group-commit';

/** What waits for ever is noticed soon. */
jest.setTimeout(20_000);

class Contended extends Error {}

/**
 * Items are `<owner>/<lane>`. Those of locked lanes fail after a while, as after a lock timeout.
 */
function recording(lockTimeout: () => Promise<unknown> = () => sleep(100)) {
  const locked = new Set<string>();
  const groups: string[][] = [];
  const commit = new GroupCommit<string, string>(
    async (items) => {
      groups.push([...items]);
      await sleep(5);
      if (items.includes('bad')) throw new Error('a bad one');
      if (!items.some((item) => locked.has(item))) return [...items];
      await lockTimeout();
      throw new Contended();
    },
    {
      pipelines: 1,
      maxGatherMs: 0,
      maxItems: 100,
      isUnavailable: () => false,
      lanes: {
        isContended: (error) => error instanceof Contended,
        ownerOf: (item) => item.split('/')[0]!,
        laneOf: (item) => item,
      },
    },
  );
  const submit = (...items: string[]) =>
    commit.submit(items).then(
      () => 'written',
      (error: unknown) => (error instanceof Contended ? 'contended' : 'failed'),
    );
  return { commit, submit, locked, groups };
}

it('rejects only the items that wait for a lock', async () => {
  const { submit, locked } = recording();
  locked.add('a/1');
  const first = submit('warm');
  const results = await Promise.all([submit('a/1'), submit('b/1'), submit('a/2'), submit('c/1'), submit('a/1')]);
  await first;
  expect(results).toEqual(['contended', 'written', 'written', 'written', 'contended']);
});

it('tries again what waited for a lock alone, as another commit of the same owner may just have taken long', async () => {
  let holds = true;
  const { submit, locked } = recording(async () => {
    if (holds) locked.delete('a/1');
    holds = false;
  });
  locked.add('a/1');
  await expect(submit('a/1')).resolves.toBe('written');
});

it('writes the items of other owners without delay while a lock is held', async () => {
  let timeOut: () => void = () => undefined;
  let lockTimeout = Promise.resolve();
  const { submit, locked, groups } = recording(() => lockTimeout);
  locked.add('a/1');
  await submit('a/1');
  lockTimeout = new Promise((resolve) => (timeOut = resolve));
  const stuck = submit('a/1');
  // The lane that waits is still being tried.
  await Promise.all([submit('b/1'), submit('c/1')]);
  timeOut();
  await expect(stuck).resolves.toBe('contended');
  expect(groups.filter((group) => group.includes('a/1')).every((group) => group.length === 1)).toBe(true);
});

it('writes apart what an owner submits while one of its lanes is suspected', async () => {
  let timeOut: () => void = () => undefined;
  const lockTimeout = new Promise<void>((resolve) => (timeOut = resolve));
  let failures = 0;
  const { submit, locked, groups } = recording(() => (failures++ === 0 ? sleep(20) : lockTimeout));
  locked.add('a/1');
  const first = submit('warm');
  const stuck = submit('a/1');
  // It fails with the group, and is then tried alone.
  await Promise.all([submit('b/1'), first]);
  const second = submit('a/1');
  const others = await Promise.all([submit('b/1'), submit('c/1'), submit('a/2')]);
  expect(others).toEqual(['written', 'written', 'written']);
  timeOut();
  expect(await Promise.all([stuck, second])).toEqual(['contended', 'contended']);
  expect(groups.filter((group) => group.includes('a/1')).map((group) => new Set(group))).toEqual([
    new Set(['a/1', 'b/1']),
    new Set(['a/1']),
    new Set(['a/1']),
  ]);
});

it('takes apart what waited behind a group that failed for a lock', async () => {
  let timeOut: () => void = () => undefined;
  const lockTimeout = new Promise<void>((resolve) => (timeOut = resolve));
  let failures = 0;
  const { submit, locked, groups } = recording(() => (failures++ === 0 ? sleep(100) : lockTimeout));
  locked.add('a/1');
  const stuck = submit('a/1');
  // Submitted while the first one is being written.
  const others = [submit('a/1'), submit('b/1')];
  expect(await others[1]).toBe('written');
  timeOut();
  expect(await Promise.all([stuck, others[0]])).toEqual(['contended', 'contended']);
  expect(groups[1]).toEqual(expect.not.arrayContaining(['b/1']));
});

it("writes an owner's other lanes while those that failed wait for their locks", async () => {
  let timeOut: () => void = () => undefined;
  let lockTimeout = Promise.resolve();
  const { submit, locked } = recording(() => lockTimeout);
  const stuck = ['a/1', 'a/2', 'a/3', 'a/4'];
  for (const lane of stuck) locked.add(lane);
  for (const lane of stuck) await submit(lane);
  lockTimeout = new Promise((resolve) => (timeOut = resolve));
  const waiting = stuck.map((lane) => submit(lane));
  expect(await Promise.all([submit('a/5'), submit('a/6')])).toEqual(['written', 'written']);
  timeOut();
  expect(await Promise.all(waiting)).toEqual(stuck.map(() => 'contended'));
});

it('writes an owner together with all others once the lock is gone', async () => {
  const { submit, locked, groups } = recording();
  locked.add('a/1');
  await submit('a/1');
  locked.clear();
  await expect(submit('a/1')).resolves.toBe('written');
  groups.length = 0;
  const first = submit('warm');
  await Promise.all([submit('a/1'), submit('b/1'), first]);
  expect(groups).toEqual([['warm'], ['a/1', 'b/1']]);
});

it('writes an owner together with all others after 10 s without a failure', async () => {
  const { submit, locked, groups } = recording();
  locked.add('a/1');
  await submit('a/1');
  const later = performance.now() + 10_000;
  const now = jest.spyOn(performance, 'now').mockReturnValue(later);
  groups.length = 0;
  const first = submit('warm');
  await Promise.all([submit('a/2'), submit('b/1'), first]);
  now.mockRestore();
  expect(groups).toEqual([['warm'], ['a/2', 'b/1']]);
});

it('keeps the items of one caller together, even if they belong to several owners', async () => {
  const { submit, locked, groups } = recording();
  locked.add('a/1');
  const first = submit('warm');
  const results = await Promise.all([submit('a/1', 'b/1'), submit('b/1'), first]);
  expect(results).toEqual(['contended', 'written', 'written']);
  await expect(submit('b/1')).resolves.toBe('written');
  expect(groups).toContainEqual(['a/1', 'b/1']);
});

it('fails only the bad item of a group that was taken apart', async () => {
  const { submit, locked } = recording();
  locked.add('a/1');
  const first = submit('warm');
  await expect(Promise.all([submit('a/1'), submit('bad'), submit('b/1'), first])).resolves.toEqual([
    'contended',
    'failed',
    'written',
    'written',
  ]);
});
