import { setTimeout as sleep } from 'node:timers/promises';
import { sweepHeap } from '../../src/process/heap';

describe('heap sweep', () => {
  it('frees unreachable objects and keeps the others', async () => {
    const held = { megabytes: new Array<number>(1_000_000).fill(1) };
    const kept = new WeakRef(held);
    const dropped = new WeakRef({ megabytes: new Array<number>(1_000_000).fill(1) });
    // The target of a new WeakRef is kept alive until the end of the turn.
    await sleep(0);
    await sweepHeap();
    expect(dropped.deref()).toBeUndefined();
    expect(kept.deref()).toBe(held);
  });
});
