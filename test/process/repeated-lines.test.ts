import { RepeatedLines } from '../../src/process/repeated-lines';

beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());

it('a line that differs only in its numbers passes once a minute, with the number of those left out', () => {
  const lines = new RepeatedLines();
  expect(lines.admit('call retried 1 times')).toBe(0);
  expect(lines.admit('call retried 22 times')).toBeUndefined();
  expect(lines.admit('call retried 333 times')).toBeUndefined();
  jest.advanceTimersByTime(60_001);
  expect(lines.admit('call retried 4 times')).toBe(2);
  expect(lines.admit('call retried 5 times')).toBeUndefined();
});

it('a line that names another workflow run is the same line', () => {
  const lines = new RepeatedLines();
  expect(lines.admit('[TMPRL1104] 01a22546-987b-7b57-b5a8-e134d60ba01c:4:1 Workflow task duration')).toBe(0);
  expect(lines.admit('[TMPRL1104] ba2bf046-9b05-4b48-a361-03c82f423344:16:2 Workflow task duration')).toBeUndefined();
});

it('different lines do not affect each other, and only 500 are remembered', () => {
  const lines = new RepeatedLines();
  for (let index = 0; index < 600; index++) {
    const text = String.fromCharCode(0x4e00 + index);
    expect(lines.admit(text)).toBe(0);
  }
  expect(lines['seen'].size).toBeLessThanOrEqual(500);
});
