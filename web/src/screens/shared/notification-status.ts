import type { NotificationStatus } from '../../api/types';

type Statuses = readonly NotificationStatus[];

/** In progress, or waiting for the next attempt. */
export const MOVING: Statuses = ['pending', 'delivering', 'retrying'];

/** Can be cancelled. Held notifications may stay so for days. */
export const OPEN: Statuses = [...MOVING, 'held'];

/** Ended without a delivery. */
export const UNDELIVERED: Statuses = ['failed', 'cancelled'];

/** Ended. Only a retry changes them. */
export const CLOSED: Statuses = ['delivered', ...UNDELIVERED];

/** Can be retried without force. */
export const RETRYABLE: Statuses = [...UNDELIVERED, 'retrying'];
