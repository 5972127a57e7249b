import type { ActivityDeps } from '../../src/activities/deps';

/** A process that has no first attempt under way and claims none. */
export const noHeadStarts: ActivityDeps['headStarts'] = {
  processId: 'mine',
  isUnderWay: () => false,
  makeMissing: async () => [],
  outcomeOf: async () => undefined,
  takeTurn: (_notificationId, _trigger, make) => make(),
};
