import { BACKLOG_EVENT } from '../../../src/domain/operational-events';
import { raiseRecovered } from '../../../src/store/operational/raising';
import { deleteOldStates, noteBacklog } from '../../../src/store/operational/states';
import { DAY, OperationalEvents, RULES } from '../../support/operational-events';

const on = new OperationalEvents();
const { query, failing, delivered, afterFailure, publish, later, events } = on;

it('a backlog is reported when it reaches the threshold, and again after it fell to half of it', async () => {
  const oldestOpenedAt = new Date('2026-01-31T12:00:00Z');
  const note = async (count: number) => {
    await noteBacklog(on.database.db, { count, oldestOpenedAt }, RULES);
    await publish();
  };
  for (const count of [99, 100, 5000, 99, 51, 100]) await note(count);
  expect(await events()).toEqual([
    {
      type: BACKLOG_EVENT,
      data: { pending: 100, threshold: 100, oldestPendingAt: '2026-01-31T12:00:00.000Z', at: expect.any(String) },
    },
  ]);
  await note(50);
  await note(100);
  expect(await events()).toHaveLength(1);
  await later();
  await note(100);
  expect(await events()).toHaveLength(2);
});

it('a backlog around its threshold, and one that stays high for days, is reported once', async () => {
  const note = async (count: number) => {
    await noteBacklog(on.database.db, { count, oldestOpenedAt: null }, RULES);
    await deleteOldStates(on.database.db, RULES.quietSeconds);
    await later();
    await publish();
  };
  for (const count of [100, 100, 99, 51, 100, 5000]) await note(count);
  expect(await events()).toHaveLength(1);
  await note(50);
  await note(100);
  expect(await events()).toHaveLength(2);
});

it('states that are over are deleted after the quiet time, and those that last are kept', async () => {
  await failing(7, 4 * DAY);
  await afterFailure();
  await later();
  await deleteOldStates(on.database.db, RULES.quietSeconds);
  expect(await query('select from operational_states')).toHaveLength(1);
  await delivered();
  await raiseRecovered(on.database.db);
  await deleteOldStates(on.database.db, RULES.quietSeconds);
  expect(await query('select from operational_states')).toHaveLength(1);
  await later();
  await deleteOldStates(on.database.db, RULES.quietSeconds);
  expect(await query('select from operational_states')).toEqual([]);
});
