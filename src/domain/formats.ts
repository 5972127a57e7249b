/** The parts of an event that a body is built from; `data` and `user` are JSON text and go in as the producer wrote them. */
export interface BodySource {
  type: string;
  occurredAt: Date;
  data: string;
  user: string | null;
  channels: readonly string[];
}

/**
 * The body of format `standard` (Standard Webhooks, "Payload structure"): type, timestamp, data, and user and channels when present. It
 * follows from the event alone, so it needs not be kept with each attempt.
 */
export function standardBody(event: BodySource): string {
  const user = event.user === null ? '' : `,"user":${event.user}`;
  const channels = event.channels.length === 0 ? '' : `,"channels":${JSON.stringify(event.channels)}`;
  return `{"type":${JSON.stringify(event.type)},"timestamp":"${event.occurredAt.toISOString()}","data":${event.data}${user}${channels}}`;
}
