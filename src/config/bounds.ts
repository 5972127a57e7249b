import type { z } from 'zod';
import { integer, setting } from './setting';

const bound = (min: number, max: number, fallback: number, meaning: string) =>
  setting(integer(min, max, fallback), {
    default: String(fallback),
    expected: `a number, ${min} to ${max}`,
    meaning,
  });

/** Settings of what one process holds in memory and sends concurrently. */
export const BOUND_SETTINGS = {
  SIGNPOST_HEAD_STARTS: bound(
    8,
    10_000,
    256,
    'First attempts that one process sends concurrently. A quarter is kept free for customers that have none in flight.',
  ),
  SIGNPOST_HEAD_STARTS_PER_SUBSCRIPTION: bound(
    1,
    10_000,
    64,
    'First attempts to one subscription that one process sends concurrently.',
  ),
  SIGNPOST_HEAD_STARTS_PER_CUSTOMER: bound(
    1,
    10_000,
    128,
    'First attempts of one customer that one process sends concurrently.',
  ),
  SIGNPOST_HEAD_STARTS_PER_HOST: bound(
    1,
    10_000,
    128,
    'First attempts to one host and port that one process sends concurrently, for all customers together. A quarter more are for customers that have none there.',
  ),
  SIGNPOST_START_QUEUE: bound(
    1000,
    10_000_000,
    50_000,
    'Notifications of one process that may wait for a workflow. Past it, the API returns 429 to the customers that fill it.',
  ),
  SIGNPOST_START_QUEUE_PER_CUSTOMER: bound(
    100,
    10_000_000,
    20_000,
    'Notifications of one customer that may wait for a workflow in one process.',
  ),
  SIGNPOST_EVENTS_IN_HAND: bound(
    1000,
    1_000_000,
    20_000,
    'Events that one process may be accepting at the same time. A lone customer may have half of them, and the last eighth is for customers with few.',
  ),
  SIGNPOST_REQUEST_MEMORY_MIB: bound(
    16,
    65_536,
    64,
    'Memory for the bodies of requests that one process is handling, in MiB. A lone customer, product or credential may have half of it, and the last eighth is for small shares.',
  ),
};

type BoundSettings = { [Name in keyof typeof BOUND_SETTINGS]: z.output<(typeof BOUND_SETTINGS)[Name]['schema']> };

/** Bounds of one process. */
export interface Bounds {
  headStarts: { total: number; perSubscription: number; perCustomer: number; perHost: number };
  startQueue: { total: number; perCustomer: number };
  eventsInHand: number;
  requestBytes: number;
}

export function boundsOf(settings: BoundSettings): Bounds {
  return {
    headStarts: {
      total: settings.SIGNPOST_HEAD_STARTS,
      perSubscription: settings.SIGNPOST_HEAD_STARTS_PER_SUBSCRIPTION,
      perCustomer: settings.SIGNPOST_HEAD_STARTS_PER_CUSTOMER,
      perHost: settings.SIGNPOST_HEAD_STARTS_PER_HOST,
    },
    startQueue: { total: settings.SIGNPOST_START_QUEUE, perCustomer: settings.SIGNPOST_START_QUEUE_PER_CUSTOMER },
    eventsInHand: settings.SIGNPOST_EVENTS_IN_HAND,
    requestBytes: settings.SIGNPOST_REQUEST_MEMORY_MIB * 1024 * 1024,
  };
}
