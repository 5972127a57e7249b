import { request } from 'node:http';
import { until } from './until';

/** A server-sent event as received. */
export interface StreamEvent {
  id: string;
  event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into data of any shape
  data: any;
}

/** A client of the activity stream. */
export interface TestWatcher {
  status: number;
  /** Events received so far, in order. */
  events: StreamEvent[];
  /** The id that a client would resume with. */
  lastEventId: string;
  /** Comments received so far. */
  comments: string[];
  ended: boolean;
  /** Waits until `count` events have arrived. */
  waitFor(count: number): Promise<void>;
  /** Stops reading. */
  pause(): void;
  close(): void;
}

/** Opens the stream as a browser does. */
export async function watch(
  url: string,
  key = '',
  {
    query = '',
    lastEventId,
    customer,
    tenant,
  }: { query?: string; lastEventId?: string; customer?: string; tenant?: string } = {},
): Promise<TestWatcher> {
  const headers = {
    'x-api-key': key,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    ...(customer === undefined ? {} : { 'x-customer': customer }),
    ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
  };
  const sent = request(`${url}/v1/activity${query}`, { headers });
  sent.end();
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  sent.on('error', () => undefined);
  const watcher: TestWatcher = {
    status: response.statusCode!,
    events: [],
    lastEventId: lastEventId ?? '',
    comments: [],
    ended: false,
    async waitFor(count) {
      await until(
        async () => watcher.events.length,
        (seen) => seen >= count,
      );
    },
    pause: () => void response.pause(),
    close: () => void response.destroy(),
  };
  let rest = '';
  let begun = false;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) take(watcher, block);
    begun ||= blocks.length > 0;
  });
  for (const event of ['close', 'error']) response.on(event, () => (watcher.ended = true));
  if (watcher.status !== 200) return watcher;
  // The first block of the stream is its starting position.
  await until(
    async () => begun || watcher.ended,
    (seen) => seen,
  );
  return watcher;
}

function take(watcher: TestWatcher, block: string): void {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    const [name, value] = [line.slice(0, at), line.slice(at + 1).trimStart()];
    if (name === '') watcher.comments.push(value);
    else fields[name] = value;
  }
  if (fields.id !== undefined) watcher.lastEventId = fields.id;
  if (fields.data !== undefined)
    watcher.events.push({ id: watcher.lastEventId, event: fields.event!, data: JSON.parse(fields.data) });
}
