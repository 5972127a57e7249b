import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OPERATIONAL_EVENTS } from '../../src/domain/operational-events';
import { startTestComposer, type TestComposer } from '../support/composer';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/until';

/** The transforms in examples/transforms, with the samples of the catalog. */
let database: TestDatabase;
let composer: TestComposer;
const samples = new Map<string, Record<string, unknown>>();

beforeAll(async () => {
  composer = startTestComposer({}, { timeoutMs: 60_000 });
  database = await createTestDatabase();
  const { rows } = await database.db.query<{ name: string; sample: Record<string, unknown> }>({
    text: "select name, sample from event_types where product_id = 'signpost'",
  });
  for (const { name, sample } of rows) samples.set(name, sample);
  // The process that evaluates transforms may be slow to start.
  await until(
    () => transformed('slack', RECOVERED).catch(() => undefined),
    (result) => result !== undefined,
  );
});
afterAll(async () => {
  await composer?.close();
  await database?.drop();
});

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of three services
async function transformed(file: string, type: string, changes: Record<string, unknown> = {}): Promise<any> {
  const expression = readFileSync(path.join(__dirname, `../../examples/transforms/${file}.jsonata`), 'utf8');
  const { data } = await composer.compose(
    {
      event: {
        id: 'evt_1',
        type,
        timestamp: '2026-01-31T12:00:00.000Z',
        data: JSON.stringify({ ...samples.get(type), ...changes }),
        user: null,
        channels: [],
        chosenByCustomer: false,
      },
      customerId: 'signpost-operators',
      definition: null,
      transform: { language: 'jsonata', expression },
      secret: () => null,
      owner: { customer: 'signpost-operators', subscription: 'sub_1' },
    },
    60_000,
  );
  return JSON.parse(data);
}

const [FAILING, OUT_OF_ORDER, RECOVERED, EXHAUSTED, REVEALED, BACKLOG] = OPERATIONAL_EVENTS;
const SUB = 'sub_01m83z393me01aqe5h2137m1gt';

it.each([
  [
    FAILING,
    ':warning: *payments* of customer customer1 is failing: 31 failures since 2026-01-29T00:00:00.000Z, 50 % of its out-of-order rule.',
  ],
  [OUT_OF_ORDER, ':no_entry: *payments* of customer customer1 was disabled: the receiver answered 410 Gone.'],
  [RECOVERED, ':white_check_mark: *payments* of customer customer1 receives deliveries again. It was failing.'],
  [
    EXHAUSTED,
    ':x: A notification of *payments* of customer customer1 failed after 5 attempts: HTTP 500. ntf_01m83z393me01aqe5h2137m1gt',
  ],
  [REVEALED, ':key: support read the secret of *payments* of customer customer1.'],
  [BACKLOG, ':hourglass: 12345 notifications wait for their first attempt. The threshold is 10000.'],
])('the transform for Slack makes a message of %s', async (type, text) => {
  expect(await transformed('slack', type)).toEqual({ text });
});

it('the transform for Slack escapes names, and says how many others are affected', async () => {
  const { text } = await transformed('slack', RECOVERED, { name: '<!channel> & co', alsoAffected: 25 });
  expect(text).toBe(
    ':white_check_mark: *&lt;!channel&gt; &amp; co* of customer customer1 receives deliveries again. It was failing. The same applies to 25 more.',
  );
});

it.each([
  [
    FAILING,
    'A subscription is failing',
    'payments of customer customer1: 31 failures since 2026-01-29T00:00:00.000Z, 50 % of its out-of-order rule.',
  ],
  [OUT_OF_ORDER, 'A subscription was disabled', 'payments of customer customer1: the receiver answered 410 Gone.'],
  [RECOVERED, 'A subscription recovered', 'payments of customer customer1 receives deliveries again. It was failing.'],
  [
    EXHAUSTED,
    'A notification failed',
    'payments of customer customer1: 5 attempts, the last with HTTP 500. ntf_01m83z393me01aqe5h2137m1gt',
  ],
  [REVEALED, 'A secret was read', 'support read the secret of payments of customer customer1.'],
  [BACKLOG, 'The backlog is high', '12345 notifications wait for their first attempt. The threshold is 10000.'],
])('the transform for Microsoft Teams makes a card of %s', async (type, title, text) => {
  const { type: kind, attachments } = await transformed('microsoft-teams', type);
  expect(kind).toBe('message');
  const [{ contentType, content }] = attachments;
  expect(contentType).toBe('application/vnd.microsoft.card.adaptive');
  expect(content).toMatchObject({ type: 'AdaptiveCard', version: '1.4' });
  expect(content.body.map((block: { inlines: { text: string }[] }) => block.inlines[0]!.text)).toEqual([title, text]);
});

it.each([
  [
    FAILING,
    'trigger',
    `signpost ${SUB}`,
    'warning',
    'payments of customer customer1 is failing: 50 % of its out-of-order rule',
  ],
  [
    OUT_OF_ORDER,
    'trigger',
    `signpost ${SUB}`,
    'critical',
    'payments of customer customer1 was disabled: the receiver answered 410 Gone',
  ],
  [RECOVERED, 'resolve', `signpost ${SUB}`, 'warning', 'payments of customer customer1 receives deliveries again'],
  [
    EXHAUSTED,
    'trigger',
    `signpost exhausted ${SUB}`,
    'error',
    'A notification of payments of customer customer1 failed: HTTP 500',
  ],
  [REVEALED, 'trigger', 'signpost evt_1', 'info', 'support read the secret of payments of customer customer1'],
  [BACKLOG, 'trigger', 'signpost backlog', 'critical', '12345 notifications wait for their first attempt'],
])('the transform for PagerDuty makes an event of %s', async (type, action, dedupKey, severity, summary) => {
  expect(await transformed('pagerduty', type)).toEqual({
    routing_key: 'ROUTING_KEY',
    event_action: action,
    dedup_key: dedupKey,
    payload: {
      summary,
      source: 'signpost',
      severity,
      timestamp: '2026-01-31T12:00:00.000Z',
      custom_details: samples.get(type),
    },
  });
});

it('the transform for PagerDuty raises the severity at 90 percent', async () => {
  const { payload } = await transformed('pagerduty', FAILING, { percent: 90 });
  expect(payload.severity).toBe('error');
});
