import { createHmac } from 'node:crypto';
import type { Composed } from './composing';
import { withMember } from './json-text';
import { LosslessJson } from './lossless-json';
import { MASK, maskMembers, maskSecret } from './mask';
import type { Format } from './types';

/**
 * The parts of an event in a body. `data` and `user` are JSON text, sent as the producer wrote it.
 */
export interface BodySource {
  /** The id that the producer chose, else the generated one. */
  id: string;
  type: string;
  /** RFC 3339 in UTC, with the digits that the producer wrote. */
  timestamp: string;
  data: string;
  user: string | null;
  channels: readonly string[];
}

/** What the formats other than `standard` need to know about the subscription and the attempt. */
export interface FormatContext {
  event: BodySource & { productId: string };
  subscription: {
    id: string;
    name: string;
    customerId: string;
    productId: string | null;
    /** JSON text of an object. */
    customData: string;
    timeoutSeconds: number;
    lastSuccessAt: Date | null;
    lastFailureAt: Date | null;
    /** Whether format `flat` contains the secret. */
    sharesSecret: boolean;
  };
  /** The URL of the subscription in the API. */
  apiUrl: string;
  /** The text of the current secret. */
  secret: string;
  /** The time of this attempt. */
  now: Date;
}

/** A body as it is sent, and as it may be stored and shown. */
export interface Body {
  text: string;
  /** `null` if the event alone determines the body, which is then rebuilt whenever it is shown. */
  shown: string | null;
}

/** Builds the body of an attempt. The numbers and the order of the producer's JSON are kept. */
export function buildBody(format: Format, context: FormatContext): Body {
  switch (format) {
    case 'standard':
      return { text: standardBody(context.event), shown: null };
    case 'envelope':
      return shownAsSent(envelopeBody(context));
    case 'trigger':
      return shownAsSent(triggerBody(context));
    case 'flat':
      return context.subscription.sharesSecret
        ? { text: flatBody(context.event.data, context.secret), shown: flatBody(context.event.data, MASK) }
        : shownAsSent(context.event.data);
  }
}

/**
 * Builds the body of an attempt with composed data in place of the event's data. The event alone no
 * longer determines such a body, so it is always stored as sent.
 */
export function buildComposedBody(format: Format, context: FormatContext, composed: Composed): Body {
  const { text, shown } =
    format === 'flat' && composed.whole
      ? shownAsSent(composed.data)
      : buildBody(format, { ...context, event: { ...context.event, data: composed.data } });
  return { text, shown: composed.holdsSecret ? maskTwice(text, context.secret) : (shown ?? text) };
}

/** `envelope` contains its payload as JSON text, in which the secret is escaped a second time. */
function maskTwice(text: string, secret: string): string {
  return maskSecret(maskSecret(text, JSON.stringify(secret).slice(1, -1)), secret);
}

const shownAsSent = (text: string): Body => ({ text, shown: text });

/**
 * The body of format `standard` (Standard Webhooks, "Payload structure"): id, type, timestamp,
 * data, and user and channels if present. The event alone determines it, so attempts do not store
 * it.
 */
export function standardBody(event: BodySource): string {
  const user = event.user === null ? '' : `,"user":${event.user}`;
  const channels = event.channels.length === 0 ? '' : `,"channels":${JSON.stringify(event.channels)}`;
  return `{"id":${JSON.stringify(event.id)},"type":${JSON.stringify(event.type)},"timestamp":"${event.timestamp}","data":${event.data}${user}${channels}}`;
}

/**
 * The body of format `envelope`: the payload, its exact JSON text, and the hex HMAC-SHA256 of that
 * text with the secret's text as key.
 */
function envelopeBody({ event, secret }: FormatContext): string {
  const user = event.user === null ? '' : `,"user":${event.user}`;
  const details = withMember(event.data, 'messageType', JSON.stringify(event.type), 'first');
  const payload = `{"details":${details},"messageId":${JSON.stringify(event.id)},"timestamp":"${event.timestamp}"${user}}`;
  const signature = createHmac('sha256', secret).update(payload).digest('hex');
  return `{"payload":${payload},"signature":"${signature}","payloadAsString":${JSON.stringify(payload)}}`;
}

/**
 * The body of format `trigger`, which is also the claims of its token. `data` is the custom data,
 * with the event's data under `event`.
 */
function triggerBody({ event, subscription, apiUrl, now }: FormatContext): string {
  const { id, name, customerId, productId, customData, timeoutSeconds, lastSuccessAt, lastFailureAt } = subscription;
  const data = withMember(customData, 'event', event.data, 'last');
  const members = {
    webhook_id: id,
    webhook_name: name,
    object_class: event.type,
    account_id: customerId,
    product_id: productId ?? event.productId,
    api_url: apiUrl,
    triggered_at: now.toISOString(),
    last_success_at: lastSuccessAt?.toISOString() ?? null,
    last_failure_at: lastFailureAt?.toISOString() ?? null,
    processing_timeout: timeoutSeconds,
  };
  return withMember(JSON.stringify(members), 'data', data, 'last');
}

/**
 * Masks the custom data in a body of format `trigger`, which may hold credentials of the receiver.
 * The event stays.
 *
 * @returns any other body as it is
 */
export function maskCustomData(body: string): string {
  let lossless: LosslessJson;
  try {
    lossless = new LosslessJson(body);
  } catch {
    return body;
  }
  const isTrigger = ['webhook_id', 'object_class', 'api_url'].every((name) => lossless.at(name) !== undefined);
  const data: unknown = JSON.parse(lossless.at('data') ?? 'null');
  if (!isTrigger || typeof data !== 'object' || data === null) return body;
  const masked = JSON.stringify(maskMembers(data));
  return withMember(body, 'data', withMember(masked, 'event', lossless.at('data', 'event') ?? 'null', 'last'), 'last');
}

/** The body of format `flat`: the fields of the event's data, and the shared secret. */
function flatBody(data: string, secret: string): string {
  return withMember(data, 'secret', JSON.stringify(secret), 'last');
}
