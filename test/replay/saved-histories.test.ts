import { replayAll, savedHistories } from '../support/histories';

it('every history that an earlier release left behind still replays', async () => {
  const histories = savedHistories();
  expect(histories.length).toBeGreaterThan(10);
  expect(await replayAll(histories)).toEqual([]);
});

it('a history that the code does not follow is found out', async () => {
  const [saved] = savedHistories().filter(({ name }) => name.includes('whole-default-ladder'));
  // As if the first wait had been an activity.
  const events = saved!.history.events!.filter(
    ({ timerStartedEventAttributes, timerFiredEventAttributes }) =>
      !timerStartedEventAttributes && !timerFiredEventAttributes,
  );
  expect(await replayAll([{ ...saved!, history: { events } }])).toHaveLength(1);
});
