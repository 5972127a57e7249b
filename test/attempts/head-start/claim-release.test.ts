import { setImmediate as turnOfEventLoop } from 'node:timers/promises';
import { pino } from 'pino';
import { ClaimRelease } from '../../../src/attempts/head-start/claim-release';

/** Releases that end when the test says so. */
function claimRelease() {
  const groups: (readonly string[])[] = [];
  const released: string[] = [];
  const open: { end(): void; fail(): void }[] = [];
  const releasing = new ClaimRelease(
    (ids) => {
      groups.push(ids);
      return new Promise((resolve, reject) => open.push({ end: resolve, fail: () => reject(new Error('away')) }));
    },
    (id) => void released.push(id),
    pino({ level: 'silent' }),
  );
  const add = (count: number, prefix = '') => {
    for (let index = 0; index < count; index++) releasing.add(`${prefix}${index}`);
  };
  return { releasing, add, groups, released, open };
}

it('claims that end together are released by one statement, of at most a thousand', async () => {
  const { add, groups, open } = claimRelease();
  add(1500);
  await turnOfEventLoop();
  expect(groups.map(({ length }) => length)).toEqual([1000]);
  open.shift()!.end();
  await turnOfEventLoop();
  expect(groups.map(({ length }) => length)).toEqual([1000, 500]);
});

it('an attempt may be made again only when its claim is released', async () => {
  const { add, released, open } = claimRelease();
  add(2);
  await turnOfEventLoop();
  expect(released).toEqual([]);
  open.shift()!.end();
  await turnOfEventLoop();
  expect(released).toEqual(['0', '1']);
});

it('claims that could not be released lapse, and later ones are released', async () => {
  const { add, groups, released, open } = claimRelease();
  add(1);
  await turnOfEventLoop();
  open.shift()!.fail();
  await turnOfEventLoop();
  expect(released).toEqual(['0']);
  add(1, 'later-');
  await turnOfEventLoop();
  expect(groups).toEqual([['0'], ['later-0']]);
});

it('claims lapse at the end of a process only after it has tried to release them', async () => {
  const { releasing, add, open } = claimRelease();
  add(1);
  let done = false;
  const closing = releasing.done().then(() => (done = true));
  await turnOfEventLoop();
  expect(done).toBe(false);
  open.shift()!.end();
  await closing;
});
