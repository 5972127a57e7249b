import { FairQueue } from '../../src/domain/fair-queue';

function filled(...items: string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of items) queue.push(item[0]!, item);
  return queue;
}

function takeAll(queue: FairQueue<string>): string[] {
  const taken: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken;
}

it('the fair queue lets keys take turns and keeps the order within each key', () => {
  expect(takeAll(filled('a1', 'a2', 'a3', 'b1', 'b2', 'c1'))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

it('the fair queue skips a paused key, with items pushed meanwhile, until it is resumed', () => {
  const queue = filled('a1', 'b1');
  queue.pause('a');
  queue.push('a', 'a2');
  queue.pause('a');
  expect(takeAll(queue)).toEqual(['b1']);
  expect(queue.size).toBe(2);
  queue.resume('a');
  expect(takeAll(queue)).toEqual(['a1', 'a2']);
  expect(queue.size).toBe(0);
});

it('the fair queue can pause a key without items and resume a key that was never paused', () => {
  const queue = new FairQueue<string>();
  queue.pause('a');
  queue.push('a', 'a1');
  queue.resume('b');
  expect(queue.take()).toBeUndefined();
  queue.resume('a');
  expect(queue.take()).toBe('a1');
  queue.resume('a');
  expect(queue.take()).toBeUndefined();
});

it('the fair queue keeps order and count over thousands of items of one key', () => {
  const queue = new FairQueue<number>();
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 100; i++) queue.push('a', next++);
    for (let i = 0; i < 90; i++) expect(queue.take()).toBe(expected++);
    expect(queue.size).toBe(next - expected);
  }
  expect(queue.drain()).toEqual(Array.from({ length: next - expected }, (_, index) => expected + index));
  expect(queue.take()).toBeUndefined();
});

it('the fair queue peeks at the next item without taking it', () => {
  const queue = filled('a1', 'b1');
  expect([queue.peek(), queue.peek(), queue.take(), queue.peek()]).toEqual(['a1', 'a1', 'a1', 'b1']);
  queue.pause('b');
  expect(queue.peek()).toBeUndefined();
});

it('the fair queue gives no turn to a key that was paused and resumed without items', () => {
  const queue = new FairQueue<string>();
  queue.pause('a');
  queue.resume('a');
  queue.push('b', 'b1');
  expect([queue.take(), queue.size]).toEqual(['b1', 0]);
});

it('the fair queue removes what is left of a key, paused or not', () => {
  const queue = filled('a1', 'a2', 'b1', 'c1');
  expect([queue.take(), queue.take()]).toEqual(['a1', 'b1']);
  queue.pause('c');
  expect([queue.remove('a'), queue.remove('c'), queue.remove('b')]).toEqual([['a2'], ['c1'], []]);
  expect(queue.size).toBe(0);
});

it('the fair queue drains paused keys too', () => {
  const queue = filled('a1', 'b1');
  queue.pause('b');
  expect(queue.drain()).toEqual(['a1', 'b1']);
  expect(queue.size).toBe(0);
});

it('the fair queue keeps a key paused when it is cleared', () => {
  const queue = filled('a1', 'b1');
  queue.pause('b');
  queue.clear();
  queue.push('b', 'b2');
  expect([queue.size, queue.take()]).toEqual([1, undefined]);
  queue.resume('b');
  expect(queue.take()).toBe('b2');
});
