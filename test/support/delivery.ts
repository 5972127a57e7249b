import type { DeliveryFacts } from '../../src/domain/attempt';
import type { DeliverySubscription } from '../../src/store/notifications/delivery-subscription';
import { TEST_SEALER } from './seed';

/** A notification of which no attempt was made, and its event. */
export function deliveryFacts(overrides: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return {
    notificationId: 'ntf_1',
    status: 'pending',
    attempts: 0,
    lastAttemptKey: null,
    lastErrorMessage: null,
    nextAttemptAt: null,
    acceptedAt: new Date(),
    claimedBy: null,
    payloadExpired: false,
    event: {
      id: 'order-1',
      webhookId: 'evt_1',
      type: 'a.b',
      productId: 'product',
      timestamp: new Date().toISOString(),
      data: '{}',
      user: null,
      channels: [],
      chosenByCustomer: false,
    },
    ...overrides,
  };
}

/** A subscription of the fast lane that takes deliveries, with one secret. */
export function deliverySubscription(overrides: Partial<DeliverySubscription> = {}): DeliverySubscription {
  return {
    id: 'sub_1',
    revision: 1,
    receiverRevision: 0,
    failurePeriod: 0,
    status: 'enabled',
    customerId: 'customer',
    url: 'https://receiver.example/hook',
    method: 'POST',
    privateSettings: { plainHeaders: {}, sealed: null },
    encryption: null,
    format: 'standard',
    productId: null,
    name: 'main',
    customData: '{}',
    transform: null,
    definition: null,
    lastSuccessAt: null,
    lastFailureAt: null,
    timeoutSeconds: 15,
    retrySchedule: [4, 3],
    rateLimitPerSecond: null,
    slow: false,
    secrets: [TEST_SEALER.seal('test-secret', 'sub_1')],
    sharesSecret: true,
    signingKeys: [],
    ...overrides,
  };
}
