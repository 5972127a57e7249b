import type { LosslessJson } from '../../domain/lossless-json';
import { Problem } from '../../domain/problems';
import { fieldErrorsOf, parseOrThrow } from '../http/parse-input';
import { plainWords } from '../schemas/plain-words';
import { bodyIdentity, losslessOf, parseJson } from '../http/parse-json';
import { batchInput, eventInBatch, eventInput, MAX_EVENT_BYTES, toPosted, type PostedEvent } from './event-input';

/** The events of a body, in order. In a batch, an invalid one is a problem. */
export interface ReadEvents {
  events: (PostedEvent | Problem)[];
  /** As `bodyIdentity` of a context, if it was asked for. */
  identity?: Buffer;
}

/**
 * Reads the body of a post of events.
 *
 * @param isBatch - whether the body is a batch, or a single event
 * @param identify - whether the identity of the body is needed
 * @throws Problem malformed-json, validation-failed
 */
export function readEvents(raw: Buffer, isBatch: boolean, identify: boolean): ReadEvents {
  const value = parseJson(raw);
  const written = losslessOf(raw);
  const events = isBatch
    ? readBatch(parseOrThrow(batchInput, value, '').events, written)
    : [toPosted(parseOrThrow(eventInput, value, ''), written)];
  return { events, identity: identify ? bodyIdentity(value, written) : undefined };
}

/** Reads the events of a parsed batch. */
export function readBatch(values: readonly unknown[], written: LosslessJson | undefined): (PostedEvent | Problem)[] {
  return values.map((value, index) => {
    if (Buffer.byteLength(written?.at('events', index) ?? JSON.stringify(value)) > MAX_EVENT_BYTES)
      return new Problem('payload-too-large', 'The event is larger than 256 KiB.');
    const result = eventInBatch.safeParse(value, { error: plainWords });
    return result.success
      ? toPosted(result.data, written, 'events', index)
      : new Problem('validation-failed', 'The event is invalid; errors lists the fields.', {
          errors: fieldErrorsOf(result.error, ''),
        });
  });
}
