import { spawnSync } from 'node:child_process';
import path from 'node:path';

const SCRIPT = path.resolve(__dirname, '../../bench/simulate.mjs');

function run(...options: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...options], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function simulate(...options: string[]) {
  const { status, stdout } = run('--json', ...options);
  expect(status).toBe(0);
  return JSON.parse(stdout) as {
    sums: { notifications: number; failedAtFirst: number; recovered: number; failed: number; stillWaiting: number };
    hours: { hour: number; delayed: number; waiting: number }[];
    peaks: Record<string, number>;
  };
}

describe('simulation of a day', () => {
  test('accounts for every notification whose first attempt fails', () => {
    const { sums } = simulate('--failing', '0.1', '--flaky', '0.05');
    expect(sums.failedAtFirst).toBeGreaterThan(0);
    expect(sums.recovered + sums.failed + sums.stillWaiting).toBeCloseTo(sums.failedAtFirst, 3);
  });

  test('reaches the requested mean and peak', () => {
    const { sums, peaks } = simulate('--per-second', '250', '--peak', '1.5');
    expect(sums.notifications).toBeCloseTo(250 * 86_400, 3);
    expect(peaks['notifications/s']).toBeCloseTo(375, 3);
  });

  test('has no retries, timers or backlog if nothing fails', () => {
    const { sums, peaks } = simulate('--failing', '0', '--flaky', '0', '--slow', '0');
    expect(sums.failedAtFirst).toBe(0);
    expect(peaks).toMatchObject({ 'timers/s': 0, 'workflows/s': 0, waiting: 0, delayed: 0 });
  });

  test('fails every retry of an endpoint that is down for days', () => {
    const { sums } = simulate('--failing', '1', '--outage-minutes', '100000', '--ladder', '1', '--flaky', '0');
    expect(sums.failed + sums.stillWaiting).toBeGreaterThan(0.99 * sums.failedAtFirst);
  });

  test('delays work beyond the available cores and catches up later', () => {
    const { peaks } = simulate();
    const cores = ['node', 'postgres', 'temporal'].map((part) => String(0.8 * peaks[`cores ${part}`]!)).join(',');
    const { hours } = simulate('--cores', cores);
    expect(hours[14]!.delayed).toBeGreaterThan(0);
    expect(hours[23]!.delayed).toBe(0);
  });

  test('returns the same result for the same seed, and a different one for another seed', () => {
    expect(simulate('--seed', '7')).toEqual(simulate('--seed', '7'));
    expect(simulate('--seed', '8').hours).not.toEqual(simulate('--seed', '7').hours);
  });

  test.each([
    ['--peak', '3'],
    ['--failing', 'many'],
    ['--ladder', '30,,300'],
    ['--cores', '1,2'],
    ['--unknown', '1'],
  ])('refuses %s %s with the reason and the usage', (option, value) => {
    const { status, stdout, stderr } = run(option, value);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(option);
    expect(stderr).toContain('usage: node bench/simulate.mjs');
  });
});
