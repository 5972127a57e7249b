import { replayAll, savedHistories } from '../support/histories';

it('every saved history of an earlier release still replays', async () => {
  const histories = savedHistories();
  // All that have been saved so far. None is ever removed.
  expect(histories.length).toBeGreaterThanOrEqual(33);
  expect(await replayAll(histories)).toEqual([]);
});

it('replay detects a history that the code does not follow', async () => {
  const [saved] = savedHistories().filter(({ name }) => name.includes('whole-default-ladder'));
  // Looks as if the workflow had made its waits without timers.
  const events = saved!.history.events!.filter(
    ({ timerStartedEventAttributes, timerFiredEventAttributes }) =>
      !timerStartedEventAttributes && !timerFiredEventAttributes,
  );
  expect(await replayAll([{ ...saved!, history: { events } }])).toHaveLength(1);
});
