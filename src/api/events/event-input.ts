import { z } from 'zod';
import { identityOf, type LosslessJson } from '../../domain/lossless-json';
import type { FieldError } from '../../domain/problems';
import { sha256 } from '../../domain/sha256';
import { eventTypeName, givenId, jsonObject, timestampInput } from '../schemas/schemas';
import { channelName } from '../schemas/subscription-schemas';

const MAX_CHANNELS = 100;
const MAX_BATCH = 1000;
export const MAX_EVENT_BYTES = 256 * 1024;

/** An event in a request. */
export const eventInput = z
  .strictObject({
    id: givenId.optional().describe('Unique per product. Makes it safe to post the event again. Generated if absent.'),
    type: eventTypeName,
    customerId: givenId.optional().describe('The customer to notify. If absent, every customer of the product.'),
    channels: z
      .array(channelName)
      .max(MAX_CHANNELS)
      .optional()
      .describe('Subscriptions with channels get the event only if it carries one of theirs.'),
    timestamp: timestampInput.optional().describe('When the event happened. Default: now.'),
    data: jsonObject.describe('The payload. Must match the JSON Schema of the event type, if it has one.'),
    user: jsonObject.optional().describe('Who caused the event. Passed on to receivers.'),
  })
  .meta({ id: 'EventInput' });

/** A batch. Each event is validated on its own, so that an invalid one does not affect others. */
export const batchInput = z.strictObject({
  events: z.array(z.unknown()).min(1).max(MAX_BATCH).describe('Events as in `POST /v1/events`, at most 256 KiB each.'),
});

/** A posted event whose shape has been validated. `data` and `user` are JSON text as written. */
export interface PostedEvent {
  id?: string;
  type: string;
  customerId?: string;
  channels?: string[];
  timestamp?: Date;
  data: string;
  user?: string;
  /** Distinguishes a repost from a different event that reuses the id. */
  bodyHash: Buffer;
  /** `data` as a value; absent if the event was read by the side thread. */
  value?: object;
  /** Set once `data` is checked: its errors, and the version of its type. Absent: no such type. */
  checked?: { version: number; errors: FieldError[] };
}

/** @param written - the whole body, if JavaScript would write a number in it differently */
export function toPosted(
  { data: value, user: userValue, ...facts }: z.output<typeof eventInput>,
  written: LosslessJson | undefined,
  ...path: (string | number)[]
): PostedEvent {
  const data = JSON.stringify(value);
  const user = userValue && JSON.stringify(userValue);
  // Like JSON.stringify of the whole event, without writing its data a second time.
  const identity = `${JSON.stringify(facts).slice(0, -1)},"data":${data}${user === undefined ? '' : `,"user":${user}`}}`;
  if (!written) return { ...facts, data, user, bodyHash: sha256(identity), value };
  const exact = { data: written.at(...path, 'data')!, user: written.at(...path, 'user') };
  return { ...facts, ...exact, bodyHash: sha256(identityOf(identity, `${exact.data}${exact.user ?? ''}`)), value };
}
