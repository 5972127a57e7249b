import { pino } from 'pino';
import { TemporalUnavailableError } from '../../src/temporal/connection';
import { StartOutage } from '../../src/temporal/start-outage';

function outage() {
  const lines: { msg: string; notifications?: number }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { state: new StartOutage(log), lines };
}
const REFUSED = new Error('a start failed');
const LOST = Object.assign(new Error('transport error'), { cause: { cause: { code: 14 } } });

it('Temporal counts as unreachable after three failures in a row, and not after three with a success between', () => {
  const { state } = outage();
  expect([state.failed(REFUSED, 1), state.failed(REFUSED, 1)]).toEqual([false, false]);
  state.succeeded();
  expect([state.failed(REFUSED, 1), state.failed(REFUSED, 1)]).toEqual([false, false]);
  expect(state.failed(REFUSED, 1)).toBe(true);
});

it.each([
  ['a lost connection, wherever the error carries it', LOST],
  ['a connection that was never made', new TemporalUnavailableError('none')],
])('Temporal counts as unreachable after %s', (_, error) => {
  const { state } = outage();
  expect(state.failed(error, 1)).toBe(true);
});

it('an outage is logged once, and its end with the number of notifications that were left out', () => {
  const { state, lines } = outage();
  state.failed(LOST, 2);
  state.leftOut(30);
  expect(state.failed(REFUSED, 5)).toBe(true);
  state.succeeded();
  state.succeeded();
  expect(lines.map(({ msg }) => msg)).toEqual([
    expect.stringContaining('cannot be reached'),
    expect.stringContaining('starts workflows again'),
  ]);
  expect(lines[1]!.notifications).toBe(37);
});
