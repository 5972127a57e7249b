import { decodeId, encodeId, newId, newUuid, uuidFloor, uuidTimeMs } from '../../src/domain/ids';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Later than the clock of any machine, so that no other id interferes with a test. */
let futureMs = Date.UTC(2090, 0, 1);
beforeEach(() => (futureMs += 1_000_000));

describe('new ids', () => {
  it('creates a UUIDv7 with the given time', () => {
    const uuid = newUuid(futureMs);
    expect(uuid).toMatch(UUID_V7);
    expect(uuidTimeMs(uuid)).toBe(futureMs);
  });

  it('creates increasing ids within a millisecond, also after the counter overflows', () => {
    const uuids = Array.from({ length: 10_000 }, () => newUuid(futureMs));
    expect(uuids).toEqual([...new Set(uuids)].sort());
    expect(uuids.every((uuid) => UUID_V7.test(uuid))).toBe(true);
  });

  it('creates increasing ids if the clock steps back by less than ten seconds', () => {
    const times = [0, 5, -3000, -2999, 1, -9000, 6].map((step) => futureMs + step);
    const uuids = times.map((time) => newUuid(time));
    expect(uuids).toEqual([...uuids].sort());
    expect(new Set(uuids).size).toBe(uuids.length);
  });

  it('returns to the time of the clock once a clock that was far ahead is corrected', () => {
    const ahead = Array.from({ length: 5 }, () => newUuid(futureMs + 86_400_000));
    expect(ahead.map(uuidTimeMs)).toEqual(ahead.map(() => futureMs + 86_400_000));
    const corrected = Array.from({ length: 5000 }, () => newUuid(futureMs));
    expect(new Set([...ahead, ...corrected]).size).toBe(5005);
    expect(uuidTimeMs(corrected[0]!)).toBe(futureMs);
    expect(corrected).toEqual([...corrected].sort());
  });

  it('creates ids with an unpredictable tail', () => {
    const tails = Array.from({ length: 100 }, () => newUuid(futureMs).slice(20));
    expect(new Set(tails).size).toBe(100);
  });
});

describe('lowest id of a time', () => {
  it('puts the lowest id of a time above all earlier ids and below those of that time', () => {
    const before = newUuid(futureMs);
    const at = newUuid(futureMs + 1);
    expect(uuidFloor(futureMs + 1) <= at).toBe(true);
    expect(uuidFloor(futureMs + 1) > before).toBe(true);
  });

  it('returns the nil UUID for a time before 1970', () => {
    expect(uuidFloor(-1)).toBe('00000000-0000-0000-0000-000000000000');
  });
});

describe('public ids', () => {
  const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';

  it('encodes an id as prefix and 26 characters, and decodes it', () => {
    const id = encodeId('ntf', uuid);
    expect(id).toMatch(/^ntf_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(decodeId('ntf', id)).toBe(uuid);
    expect(newId('evt')).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
  });

  it.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])(
    'encodes and decodes the extreme id %s',
    (edge) => {
      expect(decodeId('evt', encodeId('evt', edge))).toBe(edge);
    },
  );

  it('keeps the order of ids in their public form', () => {
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
  ])('does not decode the invalid id %j', (garbage) => expect(decodeId('ntf', garbage)).toBeUndefined());
});
