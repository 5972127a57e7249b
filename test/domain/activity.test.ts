import { decodePosition, encodePosition, type Position } from '../../src/domain/activity';

const seen = { snapshot: '700:705:701,703', timeMs: 1_790_000_000_000 };
const until = { snapshot: '710:710:', timeMs: 1_790_000_000_500 };

it.each<Position>([{ seen }, { seen, reading: { until, upTo: '019a0000-0000-7000-8000-000000000000' } }])(
  'a stream position survives encoding and decoding: %j',
  (position) => {
    expect(decodePosition(encodePosition(position))).toEqual(position);
  },
);

const encoded = (text: string) => Buffer.from(text).toString('base64url');
it.each([
  '',
  '42',
  '%%%',
  encoded('1790000000000'),
  encoded('1790000000000/'),
  encoded('1790000000000/700:705'),
  encoded('x/700:705:'),
  encoded('9999999999999999/700:705:'),
  encoded('1790000000000/705:700:'),
  encoded('1790000000000/0:5:'),
  encoded('1790000000000/700:705:703,701'),
  encoded('1790000000000/700:705:705'),
  encoded('1790000000000/700:705:699'),
  encoded('1790000000000/1:9999999999999999999:'),
  encoded("1790000000000/700:705:'; drop table events"),
  encoded('1790000000000/700:705:~1790000000000/700:705:'),
  encoded('1790000000000/700:705:~1790000000000/700:705:~nothing'),
  encoded('1790000000000/700:705:~1790000000000/700:705:~019a0000-0000-7000-8000-000000000000~'),
])('an invalid stream position is not decoded: %s', (text) => {
  expect(decodePosition(text)).toBeUndefined();
});
