import { LoopTurns } from '../../src/process/loop-turns';

/** Records what happens in each turn of the event loop, until there were enough of them. */
async function recordTurns(turns: number, happened: string[]): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise(setImmediate);
    happened.push('|');
  }
}

it('gives each work a turn of the event loop, in which nothing else of the queue runs', async () => {
  const loop = new LoopTurns();
  const happened: string[] = [];
  const takes = ['a', 'b', 'c'].map((work) => loop.take('tenant').then(() => happened.push(work)));
  await Promise.all([...takes, recordTurns(4, happened)]);
  expect(happened.join('')).toMatch(/^\|?a\|b\|c\|/);
});

it('lets tenants take turns', async () => {
  const loop = new LoopTurns();
  const order: string[] = [];
  const take = (tenant: string, work: string) => loop.take(tenant).then(() => order.push(work));
  await Promise.all([take('a', 'a1'), take('a', 'a2'), take('a', 'a3'), take('b', 'b1')]);
  expect(order).toEqual(['a1', 'b1', 'a2', 'a3']);
});

it('goes on after it was idle', async () => {
  const loop = new LoopTurns();
  await loop.take('a');
  await new Promise(setImmediate);
  await expect(loop.take('a')).resolves.toBeUndefined();
});
