import { isSameTrace, readTraceparent, spanIdOfRun } from '../../src/domain/trace-context';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

it('reads a valid traceparent, and keeps only the flag that is defined', () => {
  expect(readTraceparent(`00-${TRACE}-${SPAN}-01`)).toBe(`00-${TRACE}-${SPAN}-01`);
  expect(readTraceparent(`00-${TRACE}-${SPAN}-00`)).toBe(`00-${TRACE}-${SPAN}-00`);
  expect(readTraceparent(`00-${TRACE}-${SPAN}-ff`)).toBe(`00-${TRACE}-${SPAN}-01`);
});

it('reads a traceparent of a later version as version 00', () => {
  expect(readTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-holds`)).toBe(`00-${TRACE}-${SPAN}-01`);
});

it.each([
  ['absent', undefined],
  ['not a string', ['00', TRACE]],
  ['empty', ''],
  ['two headers in one', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ['the forbidden version', `ff-${TRACE}-${SPAN}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['more fields in version 00', `00-${TRACE}-${SPAN}-01-more`],
  ['a line break', `00-${TRACE}-${SPAN}-01\r\nx: y`],
  ['markup', `00-<script>${TRACE.slice(8)}-${SPAN}-01`],
  ['a later version that is very long', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`],
])('ignores a traceparent that is %s', (_fault, header) => {
  expect(readTraceparent(header)).toBeUndefined();
});

it('compares traces, whatever their spans', () => {
  expect(isSameTrace(`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${'1'.repeat(16)}-00`)).toBe(true);
  expect(isSameTrace(`00-${TRACE}-${SPAN}-01`, `00-${'1'.repeat(32)}-${SPAN}-01`)).toBe(false);
});

it('derives the span of a run from its id', () => {
  expect(spanIdOfRun('0198c4f2-1a2b-7c3d-8e4f-5a6b7c8d9e0f')).toBe('8e4f5a6b7c8d9e0f');
  expect(spanIdOfRun('no uuid')).toBeUndefined();
});
