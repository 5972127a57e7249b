import { decodeId, uuidTimeMs } from '../../src/domain/ids';
import { newEventId } from '../../sdk/src/ids';
import { scriptedFetch } from './scripted-fetch';

const START_MS = Date.parse('2026-01-31T12:00:00Z');

it('a new event id has the form of the ids of the service', () => {
  const uuid = decodeId('evt', newEventId(START_MS))!;
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidTimeMs(uuid)).toBe(START_MS);
});

it('new event ids sort by creation, also within a millisecond and after the clock steps back', () => {
  const times = [...Array.from({ length: 10_000 }, () => START_MS + 60_000), START_MS + 59_000, START_MS + 61_000];
  const ids = times.map((time) => newEventId(time));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

it('new event ids follow the clock after it steps back by more than 10 s', () => {
  newEventId(START_MS + 3_600_000);
  expect(uuidTimeMs(decodeId('evt', newEventId(START_MS))!)).toBe(START_MS);
});

it('an event without an id is sent with a new one', async () => {
  const api = scriptedFetch();
  await api.client().events.send({ type: 'paid.v1', data: {} });
  const { id } = JSON.parse(api.requests[0]!.body as string) as { id: string };
  expect(decodeId('evt', id)).toBeDefined();
});
