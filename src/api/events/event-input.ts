import { z } from 'zod';
import { canonicalJson, type LosslessJson } from '../../domain/lossless-json';
import type { FieldError } from '../../domain/problems';
import { sha256 } from '../../domain/sha256';
import { exactMoment, type Timestamp } from '../../domain/timestamp';
import { eventTypeName, exactTimestampInput, givenId, jsonObject, newGivenId } from '../schemas/schemas';
import { channelName } from '../schemas/subscription-schemas';

const MAX_CHANNELS = 100;
const MAX_BATCH = 1000;
const MAX_AWAIT_SECONDS = 30;
export const MAX_EVENT_BYTES = 256 * 1024;

/** An event in a request. */
export const eventInput = z
  .strictObject({
    id: newGivenId
      .optional()
      .describe('Unique per product. Makes it safe to post the event again. Generated if absent. Not `.` or `..`.'),
    type: eventTypeName.describe(
      'Name of an event type. Without its version (`payment.confirmed` for `payment.confirmed.v2`), it stands for the highest version that is not archived.',
    ),
    customerId: givenId.optional().describe('The customer to notify. If absent, every customer of the product.'),
    channels: z
      .array(channelName)
      .max(MAX_CHANNELS)
      .optional()
      .describe('Subscriptions with channels get the event only if it carries one of theirs.'),
    timestamp: exactTimestampInput
      .optional()
      .describe('When the event happened. Sent in UTC with all digits of its second. Default: now.'),
    data: jsonObject.describe('The payload. Must match the JSON Schema of the event type, if it has one.'),
    user: jsonObject.optional().describe('Who caused the event. Passed on to receivers.'),
    awaitResponse: z
      .int()
      .min(1)
      .max(MAX_AWAIT_SECONDS)
      .optional()
      .describe(
        'Waits for the receivers: at most this number of seconds, until each notification was attempted once. Then the answer has the last response of each. Not part of the event, so a repeat may differ in it.',
      ),
  })
  .meta({ id: 'EventInput' });

/** An event in a batch, which waits for nobody. */
export const eventInBatch = eventInput.omit({ awaitResponse: true });

/** A batch. Each event is validated on its own, so that an invalid one does not affect others. */
export const batchInput = z.strictObject({
  events: z
    .array(z.unknown())
    .min(1)
    .max(MAX_BATCH)
    .meta({ items: { $ref: '#/components/schemas/EventInput' } })
    .describe('Events as in `POST /v1/events`, without `awaitResponse`, at most 256 KiB each.'),
});

/** A posted event whose shape has been validated. `data` and `user` are JSON text as written. */
export interface PostedEvent {
  id?: string;
  type: string;
  customerId?: string;
  channels?: string[];
  timestamp?: Timestamp;
  data: string;
  user?: string;
  /** How many seconds the caller waits for responses. Absent: not at all. */
  awaitResponse?: number;
  /** Distinguishes a repost from a different event that reuses the id; null without one. */
  bodyHash: Buffer | null;
  /** `data` as a value; absent if the event was read by the side thread. */
  value?: object;
  /** Where its trace continues. Not part of the event, so a repeat may differ in it. */
  traceparent?: string;
  /**
   * Set once `data` is checked: its errors, its type in the catalog, the version of the type, and
   * what the event is found by. Absent: no such type.
   */
  checked?: { type: string; version: number; errors: FieldError[]; searchItems?: string[] };
}

/** @param written - the whole body, if JavaScript would write a number in it differently */
export function toPosted(
  { data: value, user: userValue, awaitResponse, ...facts }: z.output<typeof eventInput>,
  written: LosslessJson | undefined,
  ...path: (string | number)[]
): PostedEvent {
  const data = written?.at(...path, 'data') ?? JSON.stringify(value);
  const user = written?.at(...path, 'user') ?? (userValue && JSON.stringify(userValue));
  const given = { ...facts, data, user, value, ...(awaitResponse !== undefined && { awaitResponse }) };
  if (facts.id === undefined) return { ...given, bodyHash: null };
  // Two events are the same if they are equal as JSON, with exact numbers, and of the same moment.
  const { id, type, customerId = null, channels = [], timestamp } = facts;
  const identity = [
    canonicalJson([id, type, customerId, channels, timestamp ? exactMoment(timestamp) : null]),
    written?.canonical(...path, 'data') ?? canonicalJson(value),
    userValue && (written?.canonical(...path, 'user') ?? canonicalJson(userValue)),
  ];
  return { ...given, bodyHash: sha256(identity.join('\n')) };
}
