import { decodeId, encodeId, newId, newUuid, uuidFloor, uuidTimeMs } from '../../src/domain/ids';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Later than the clock of any machine that runs this, so that each test owns its time. */
let futureMs = Date.UTC(2090, 0, 1);
beforeEach(() => (futureMs += 1_000_000));

describe('a new id', () => {
  it('is a UUIDv7 of its moment', () => {
    const uuid = newUuid(futureMs);
    expect(uuid).toMatch(UUID_V7);
    expect(uuidTimeMs(uuid)).toBe(futureMs);
  });

  it('is greater than all before it, within a millisecond and beyond its counter', () => {
    const uuids = Array.from({ length: 10_000 }, () => newUuid(futureMs));
    expect(uuids).toEqual([...new Set(uuids)].sort());
    expect(uuids.every((uuid) => UUID_V7.test(uuid))).toBe(true);
  });

  it('is greater than all before it although the clock steps back', () => {
    const times = [0, 5, -3000, -2999, 1, -50_000, 6].map((step) => futureMs + step);
    const uuids = times.map((time) => newUuid(time));
    expect(uuids).toEqual([...uuids].sort());
    expect(new Set(uuids).size).toBe(uuids.length);
  });

  it('cannot be guessed from the one before', () => {
    const tails = Array.from({ length: 100 }, () => newUuid(futureMs).slice(20));
    expect(new Set(tails).size).toBe(100);
  });
});

describe('the floor of a moment', () => {
  it('is below every id of the moment and above every id before it', () => {
    const before = newUuid(futureMs);
    const at = newUuid(futureMs + 1);
    expect(uuidFloor(futureMs + 1) <= at).toBe(true);
    expect(uuidFloor(futureMs + 1) > before).toBe(true);
  });

  it('of a time before 1970 is the first of all', () => {
    expect(uuidFloor(-1)).toBe('00000000-0000-0000-0000-000000000000');
  });
});

describe('the public form', () => {
  const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';

  it('is the prefix and 26 characters, and reads back', () => {
    const id = encodeId('ntf', uuid);
    expect(id).toMatch(/^ntf_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(decodeId('ntf', id)).toBe(uuid);
    expect(newId('evt')).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])(
    'reads back at the edge: %s',
    (edge) => {
      expect(decodeId('evt', encodeId('evt', edge))).toBe(edge);
    },
  );

  it('keeps the order', () => {
    const ids = Array.from({ length: 500 }, (_, index) => encodeId('att', newUuid(futureMs + index * 7)));
    expect(ids).toEqual([...ids].sort());
  });

  const good = encodeId('ntf', uuid);
  it.each([
    '',
    'ntf',
    'ntf_',
    uuid,
    good.slice(0, -1),
    `${good}0`,
    good.toUpperCase(),
    good.replace('ntf', 'evt'),
    good.replace('_', '-'),
    `${good.slice(0, -1)}u`,
    `${good.slice(0, -1)}\n`,
    `${good.slice(0, -1)}é`,
    `ntf_${'z'.repeat(26)}`,
    `ntf_8${'0'.repeat(25)}`,
    "ntf_'; drop table events; --xx",
  ])('is not read from garbage: %j', (garbage) => expect(decodeId('ntf', garbage)).toBeUndefined());
});
