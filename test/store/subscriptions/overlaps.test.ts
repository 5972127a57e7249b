import { decodeId } from '../../../src/domain/ids';
import { generateSecret, generateSigningKey, publicKeyOf } from '../../../src/domain/signing';
import { findDeliverySubscription } from '../../../src/store/notifications/delivery-subscription';
import { loadDeliveries } from '../../../src/store/notifications/load-deliveries';
import { currentSecrets, rotateSecret } from '../../../src/store/subscriptions/secrets';
import { findSigningKey, openSigningKey, putSigningKey } from '../../../src/store/subscriptions/signing-keys';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { setSubscription } from '../../support/rows';
import { acceptOne, seed, TEST_SEALER, type Seeded } from '../../support/seed';

/** Old secrets and signing keys sign until their overlap ends, and no longer. */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

/**
 * What an attempt finds of the subscription: by the notification, and as a challenge or a dry run
 * finds it.
 */
async function found() {
  const [notification] = await acceptOne(database.db, seeded);
  const [delivery] = await loadDeliveries(database.db, [notification!.notificationId]);
  const direct = await findDeliverySubscription(database.db, seeded.subscriptionId, seeded.eventType);
  return [delivery!.subscription!, direct!];
}

describe('a signing key that was replaced', () => {
  const [first, second] = [generateSigningKey(), generateSigningKey()];
  const put = (key: string) => putSigningKey(database.db, TEST_SEALER, seeded.subscriptionId, key, 600);
  const signing = async () =>
    (await found()).map(({ signingKeys }) =>
      signingKeys.map((sealed) => openSigningKey(TEST_SEALER, seeded.subscriptionId, sealed)),
    );
  const shown = () => findSigningKey(database.db, TEST_SEALER, seeded.subscriptionId);
  const endOverlap = () =>
    setSubscription(database.db, seeded.subscriptionId, "old_signing_key_until = now() - interval '1 second'");

  it('signs after the new one until its overlap ends', async () => {
    await put(first);
    await put(second);
    expect(await signing()).toEqual([
      [second, first],
      [second, first],
    ]);
    expect((await shown())!.previous).toMatchObject({ publicKey: publicKeyOf(first) });
    await endOverlap();
    expect(await signing()).toEqual([[second], [second]]);
    expect(await shown()).toMatchObject({ publicKey: publicKeyOf(second), previous: null });
  });
});

describe('a secret that was rotated', () => {
  const signing = async () =>
    (await found()).map(({ secrets }) => secrets.map((sealed) => TEST_SEALER.open(sealed, seeded.subscriptionId)));
  const current = async () =>
    (await currentSecrets(database.db, TEST_SEALER, seeded.subscriptionId)).map(({ secret }) => secret);
  const rotate = async () => {
    const secret = generateSecret();
    await rotateSecret(database.db, TEST_SEALER, seeded.subscriptionId, { secret, chosen: true }, 600);
    return secret;
  };
  const endOverlaps = () =>
    database.db.query({
      text: "update subscription_secrets set expires_at = now() - interval '1 second' where subscription_id = $1 and expires_at is not null",
      values: [decodeId('sub', seeded.subscriptionId)],
    });

  it('signs after the new one until its overlap ends', async () => {
    const second = await rotate();
    const both = [second, seeded.secret];
    expect([...(await signing()), await current()]).toEqual([both, both, both]);
    await endOverlaps();
    expect([...(await signing()), await current()]).toEqual([[second], [second], [second]]);
  });

  it('ends with the next rotation, so that a receiver has two secrets to try at most', async () => {
    const second = await rotate();
    const third = await rotate();
    expect(await current()).toEqual([third, second]);
  });
});
