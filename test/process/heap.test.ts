import { setTimeout as sleep } from 'node:timers/promises';
import { sweepHeap } from '../../src/process/heap';

describe('the sweep of the heap', () => {
  it('gives back what nothing holds any more, and leaves the rest', async () => {
    const held = { megabytes: new Array<number>(1_000_000).fill(1) };
    const kept = new WeakRef(held);
    const dropped = new WeakRef({ megabytes: new Array<number>(1_000_000).fill(1) });
    // What a WeakRef was made of is kept to the end of the turn.
    await sleep(0);
    await sweepHeap();
    expect(dropped.deref()).toBeUndefined();
    expect(kept.deref()).toBe(held);
  });
});
