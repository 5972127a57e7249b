import { FirstAttempts } from '../../../src/attempts/head-start/first-attempts';
import type { DeliverOutcome } from '../../../src/domain/delivery';

/** The outcomes that a process keeps for the workflows of its head starts. */
const DELIVERED: DeliverOutcome = { kind: 'delivered', attempts: 1 };
const MAX_KEPT = 50_000;

function end(first: FirstAttempts, notificationId: string): void {
  first.reserve(notificationId);
  first.end(notificationId, DELIVERED, true);
}

afterEach(() => jest.restoreAllMocks());

it('an outcome stays for its workflow while outcomes of other attempts are kept', async () => {
  const first = new FirstAttempts();
  for (const id of ['ntf_1', 'ntf_2', 'ntf_3']) end(first, id);
  for (const id of ['ntf_1', 'ntf_2', 'ntf_3']) expect(await first.outcomeOf(id)).toEqual(DELIVERED);
});

it('only the last 50,000 outcomes are kept', async () => {
  const first = new FirstAttempts();
  for (let n = 0; n <= MAX_KEPT; n++) end(first, `ntf_${n}`);
  expect(await first.outcomeOf('ntf_0')).toBeUndefined();
  expect(await first.outcomeOf('ntf_1')).toEqual(DELIVERED);
  expect(await first.outcomeOf(`ntf_${MAX_KEPT}`)).toEqual(DELIVERED);
});

it('an outcome that has expired is dropped when the next one is kept, and nobody waits for its workflow', async () => {
  const first = new FirstAttempts();
  const begun = performance.now();
  const now = jest.spyOn(performance, 'now').mockReturnValue(begun);
  end(first, 'ntf_old');
  now.mockReturnValue(begun + 60_000);
  end(first, 'ntf_new');
  const timers = jest.spyOn(globalThis, 'setTimeout');
  await first.whenTakenOver('ntf_old');
  expect(timers).not.toHaveBeenCalled();
});

it('an attempt is reserved for one at a time, who ends it for all that wait', async () => {
  const first = new FirstAttempts();
  expect([first.reserve('ntf_1'), first.reserve('ntf_2')]).toEqual([true, true]);
  expect([first.reserve('ntf_1'), first.has('ntf_1')]).toEqual([false, true]);
  const waiting = [first.outcomeOf('ntf_1'), first.outcomeOf('ntf_1')];
  first.end('ntf_1', DELIVERED);
  expect(await Promise.all(waiting)).toEqual([DELIVERED, DELIVERED]);
  expect([first.has('ntf_1'), first.has('ntf_2')]).toEqual([false, true]);
  expect(first.reserve('ntf_1')).toBe(true);
});
