import { SubscriptionCache } from '../../src/attempts/subscription-cache';
import { headStartDelivery } from '../../src/domain/head-start';
import type { DeliverySubscription } from '../../src/store/notifications/delivery-subscription';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptInput, httpResult, testRunner } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { deliverySubscription } from '../support/delivery';
import { setSubscription } from '../support/rows';
import { eventFor, seed, TEST_SEALER } from '../support/seed';

/** Which subscriptions may be kept between attempts: those that only their revision changes. */
const found = (overrides: Partial<DeliverySubscription>, revision: number | null = 1) => {
  const cache = new SubscriptionCache();
  cache.keep(deliverySubscription(overrides));
  return cache.find('sub_1', revision) !== undefined;
};
const sealed = TEST_SEALER.seal('secret', 'sub_1');

it('finds a subscription by the revision that it was kept with, and by no other', () => {
  expect(found({})).toBe(true);
  expect(found({}, 2)).toBe(false);
  expect(found({}, 0)).toBe(false);
});

it('finds nothing for an attempt that needs more than the subscription', () => {
  expect(found({}, null)).toBe(false);
});

it.each([
  ['is held', { status: 'disabled' }],
  ['is in the slow lane for a while', { slow: true }],
  ['shows earlier attempts in its body', { format: 'trigger' }],
  ['has a service definition for the type', { definition: { steps: [], transform: null } }],
  ['rotates its secret', { secrets: [sealed, sealed] }],
  ['has no secret', { secrets: [] }],
  ['rotates its signing key', { signingKeys: [sealed, sealed] }],
] as [string, Partial<DeliverySubscription>][])('does not keep a subscription that %s', (_, overrides) => {
  expect(found(overrides)).toBe(false);
});

it('keeps a subscription with one signing key', () => {
  expect(found({ signingKeys: [sealed] })).toBe(true);
});

it('forgets all when ten thousand are kept, rather than grow', () => {
  const cache = new SubscriptionCache();
  for (let index = 0; index < 10_000; index++)
    cache.keep(deliverySubscription({ id: `sub_${index}`, secrets: [sealed] }));
  expect(cache.find('sub_0', 1)).toBeDefined();
  cache.keep(deliverySubscription({ id: 'one more' }));
  expect(cache.find('sub_0', 1)).toBeUndefined();
  expect(cache.find('one more', 1)).toBeDefined();
});

describe('format trigger', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  it('shows earlier attempts in the body of each head start', async () => {
    const seeded = await seed(database.db, { url: 'https://receiver.example/' });
    await setSubscription(database.db, seeded.subscriptionId, "format = 'trigger'");
    const bodies: { last_success_at: string | null; last_failure_at: string | null }[] = [];
    const answers = [200, 500, 200];
    const runAttempt = testRunner(database.db, ({ body }) => {
      bodies.push(JSON.parse(body!));
      return httpResult(answers[bodies.length - 1]!);
    });
    for (let index = 0; index < answers.length; index++) {
      const event = eventFor(seeded);
      const [result] = await acceptEvents(database.db, [event], 'this-process');
      if (result?.kind !== 'accepted') throw new Error('not accepted');
      const [notification] = result.notifications;
      const accepted = headStartDelivery(event, notification!)!;
      await runAttempt(attemptInput(notification!.notificationId, { attemptKey: 'head:this-process', accepted }));
    }
    const shown = bodies.map(({ last_success_at: success, last_failure_at: failure }) =>
      [success, failure].map(Boolean),
    );
    expect(shown).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });
});
