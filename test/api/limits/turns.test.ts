import { Turns } from '../../../src/api/limits/turns';
import { Problem } from '../../../src/domain/problems';

/** Work that ends on demand. */
function work() {
  let end: () => void = () => undefined;
  let started = false;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    run: async () => {
      started = true;
      await ended;
    },
    end,
    isStarted: () => started,
  };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

it('a tenant runs as much as allowed, and the rest waits in its own line in order', async () => {
  const turns = new Turns(2, 10);
  const all = [work(), work(), work(), work()];
  const done = all.map(({ run }) => turns.take('a', run));
  const other = work();
  const otherDone = turns.take('b', other.run);
  await settle();
  expect(all.map(({ isStarted }) => isStarted())).toEqual([true, true, false, false]);
  expect(other.isStarted()).toBe(true);
  all[1]!.end();
  await settle();
  expect(all.map(({ isStarted }) => isStarted())).toEqual([true, true, true, false]);
  for (const each of [...all, other]) each.end();
  await Promise.all([...done, otherDone]);
  expect(all[3]!.isStarted()).toBe(true);
});

it('a full line refuses its tenant only, and a failure passes the place on', async () => {
  const turns = new Turns(1, 1);
  const first = work();
  const running = turns.take('a', async () => {
    await first.run();
    throw new Error('failed');
  });
  const waiting = turns.take('a', async () => 'done');
  await expect(turns.take('a', async () => 'never')).rejects.toThrow(Problem);
  await expect(turns.take('b', async () => 'done')).resolves.toBe('done');
  first.end();
  await expect(running).rejects.toThrow('failed');
  await expect(waiting).resolves.toBe('done');
  await expect(turns.take('a', async () => 'again')).resolves.toBe('again');
});
