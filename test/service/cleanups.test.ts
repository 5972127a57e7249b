import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanups } from '../../src/service/cleanups';

const steps: string[] = [];
const note = (name: string) => async () => void steps.push(name);
const never = () => new Promise<never>(() => undefined);
beforeEach(() => steps.splice(0));

it('cuts nothing off if the work ends in time', async () => {
  const cleanups = new Cleanups();
  cleanups.addWork(note('work'));
  cleanups.addCutOff(note('cut off'));
  cleanups.add(note('close'));
  await cleanups.run(5000);
  expect(steps).toEqual(['work', 'close']);
});

it('cuts off what is under way at the end of the grace period, and closes everything when that ends it', async () => {
  const cleanups = new Cleanups();
  let end: () => void = () => undefined;
  cleanups.addWork(() => new Promise<void>((resolve) => (end = resolve)));
  cleanups.addCutOff(async () => {
    steps.push('cut off');
    await sleep(50);
    end();
  });
  cleanups.add(note('close'));
  await cleanups.run(100);
  expect(steps).toEqual(['cut off', 'close']);
});

it('resolves in time, whatever hangs, and closes what outlives the process', async () => {
  const cleanups = new Cleanups();
  cleanups.addDrain(never);
  cleanups.addWork(never);
  cleanups.addCutOff(never);
  cleanups.add(note('under work'));
  cleanups.add(note('other processes'), { always: true });
  const since = performance.now();
  await cleanups.run(100);
  expect(performance.now() - since).toBeLessThan(4600);
  expect(steps).toEqual(['other processes']);
});
