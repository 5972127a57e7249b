import { Registry } from 'prom-client';
import { clientAddress } from '../../../src/api/limits/client-address';
import { Limits, type LimitName } from '../../../src/api/limits/limits';
import { loadConfig } from '../../../src/config';
import { Problem } from '../../../src/domain/problems';
import { createLimitMetrics } from '../../../src/process/limit-metrics';

const SETTINGS = {
  ...loadConfig({}).limits,
  events: 1000,
  requests: 20,
  customerRequests: 10,
  challenges: 15,
  triggers: 4,
  dryRuns: 5,
  setUps: 6,
  resumes: 7,
};

let registry: Registry;
let limits: Limits;

beforeEach(() => {
  jest.useFakeTimers();
  registry = new Registry();
  limits = new Limits(SETTINGS, createLimitMetrics(registry));
});
afterEach(() => jest.useRealTimers());

async function refusal(name: LimitName, key: string, points?: number): Promise<Problem> {
  const error = await limits.admit(name, key, points).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

describe.each<[LimitName, points: number, seconds: number]>([
  ['events', 1000, 10],
  ['requests', 20, 10],
  ['customerRequests', 10, 10],
  ['challenges', 15, 60],
  ['subscriptionChallenges', 10, 60],
  ['triggers', 4, 60],
  ['dryRuns', 5, 60],
  ['setUps', 6, 60],
  ['resumes', 7, 60],
  ['failedSignIns', 20, 60],
  ['failedCredentials', 300, 60],
])('the limit %s', (name, points, seconds) => {
  it('allows its points, refuses more, and is full again after its window', async () => {
    for (let taken = 0; taken < points; taken++) await limits.admit(name, 'one');
    expect(await refusal(name, 'one')).toMatchObject({ code: 'too-many-requests', status: 429 });
    jest.advanceTimersByTime(seconds * 1000 - 1);
    await refusal(name, 'one');
    jest.advanceTimersByTime(1);
    for (let taken = 0; taken < points; taken++) await limits.admit(name, 'one');
    await refusal(name, 'one');
  });

  it('leaves the allowance of another key as it is', async () => {
    for (let taken = 0; taken < points; taken++) await limits.admit(name, 'one');
    await refusal(name, 'one');
    for (let taken = 0; taken < points; taken++) await limits.admit(name, 'another');
  });
});

it('takes nothing for a request that it refuses', async () => {
  await limits.admit('events', 'one', 900);
  await refusal('events', 'one', 101);
  await limits.admit('events', 'one', 100);
  await refusal('events', 'one', 1);
});

it('reports the limit, what is left, and when to retry in the headers', async () => {
  await expect(limits.admit('triggers', 'one', 3)).resolves.toEqual({
    'ratelimit-policy': '"triggers";q=4;w=60',
    ratelimit: '"triggers";r=1;t=60',
  });
  jest.advanceTimersByTime(20_500);
  await limits.admit('triggers', 'one');
  expect((await refusal('triggers', 'one')).options.headers).toEqual({
    'ratelimit-policy': '"triggers";q=4;w=60',
    ratelimit: '"triggers";r=0;t=40',
    'retry-after': '40',
  });
});

it('counts refusals by limit', async () => {
  await limits.admit('triggers', 'one', 4);
  await refusal('triggers', 'one');
  await refusal('triggers', 'one');
  expect(await registry.metrics()).toContain('signpost_limit_refused_total{limit="triggers"} 2');
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:db8:1:2::9', '2001:db8:1:2::'],
  ['not an address', ''],
  [undefined, ''],
])('counts failures from %s for %s', (ip, expected) => {
  expect(clientAddress({ ip })).toBe(expected);
});
