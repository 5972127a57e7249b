import { PacedRuns } from '../../src/process/paced-runs';

it('runs once for all callers that wait, and again for those that call during a run', async () => {
  let runs = 0;
  let end: () => void = () => undefined;
  const paced = new PacedRuns(0, async () => {
    const own = ++runs;
    await new Promise<void>((resolve) => (end = resolve));
    return own;
  });
  const first = [paced.call(), paced.call(), paced.call()];
  await new Promise(setImmediate);
  const second = [paced.call(), paced.call()];
  await new Promise(setImmediate);
  expect(runs).toBe(1);
  end();
  expect(await Promise.all(first)).toEqual([1, 1, 1]);
  await new Promise(setImmediate);
  end();
  expect(await Promise.all(second)).toEqual([2, 2]);
});

it('lets at least the interval pass between the starts of two runs', async () => {
  const starts: number[] = [];
  const paced = new PacedRuns(50, async () => void starts.push(performance.now()));
  for (let index = 0; index < 3; index++) await paced.call();
  expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(48);
  expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(48);
});

it('fails the callers of a run that fails, and no others', async () => {
  let runs = 0;
  const paced = new PacedRuns(0, async () => {
    if (++runs === 1) throw new Error('once');
    return runs;
  });
  await expect(paced.call()).rejects.toThrow('once');
  expect(await paced.call()).toBe(2);
});
