import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Signpost, type OutboxOptions, type SignpostError } from '../../../sdk/src';
import { until } from '../../support/until';

interface PostedEvent {
  id: string;
  timestamp?: string;
  data: { number: number };
}

type Reply = Response | { status: number; code?: string }[] | undefined;

/**
 * An API that answers as a test says, for failures that the real one does not produce on demand.
 */
export interface ScriptedApi {
  /** The events of each request so far. */
  requests: PostedEvent[][];
  /** The numbers of all events that were answered 202, in order. */
  accepted: number[];
  /** The problems that callbacks of the outbox have reported. */
  faults: Error[];
  refused: { event: PostedEvent; problem: SignpostError }[];
  /**
   * Answers of the next requests: a response, or a result per event; `undefined` breaks the
   * connection.
   */
  replies: (Reply | Promise<Reply> | ((events: PostedEvent[]) => Reply | Promise<Reply>))[];
  /** Waits until the outbox has reported `count` faults. */
  failed(count: number): Promise<unknown>;
  open(directory: string, options?: Partial<OutboxOptions>): ReturnType<Signpost['openOutbox']>;
}

export function scriptedApi(): ScriptedApi {
  const api: ScriptedApi = {
    requests: [],
    accepted: [],
    faults: [],
    refused: [],
    replies: [],
    failed: (count) =>
      until(
        async () => api.faults.length,
        (faults) => faults >= count,
      ),
    open: (directory, options = {}) =>
      signpost.openOutbox({
        directory,
        retryDelayMs: 5,
        onFault: (error) => void api.faults.push(error),
        onRefused: (event, problem) => void api.refused.push({ event: event as PostedEvent, problem }),
        ...options,
      }),
  };
  async function answer(_url: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { events } = JSON.parse(init!.body as string) as { events: PostedEvent[] };
    api.requests.push(events);
    const scripted = api.replies.length > 0;
    const next = api.replies.shift();
    const reply = await (typeof next === 'function' ? next(events) : next);
    init?.signal?.throwIfAborted();
    if (scripted && reply === undefined) throw new TypeError('fetch failed');
    if (reply instanceof Response) return reply;
    const results = events.map(({ id, data }, index) => {
      const { status, code } = (reply as { status: number; code?: string }[] | undefined)?.[index] ?? { status: 202 };
      if (status === 202) api.accepted.push(data.number);
      return status === 202
        ? { status, id, duplicate: false, notifications: [] }
        : { status, code: code ?? 'scripted' };
    });
    return Response.json({ results }, { status: 202 });
  }
  const signpost = new Signpost({
    baseUrl: 'http://signpost.test',
    apiKey: 'k',
    retry: { retries: 0 },
    fetch: answer as typeof fetch,
  });
  return api;
}

export const problem = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ code: 'scripted', title: 'Scripted', detail: '', status }, { status, headers });

export const event = (number: number) => ({ type: 'paid.v1', customerId: 'c', data: { number } });

/** The files of an outbox. */
export interface OutboxDirectory {
  refusedDirectory: string;
  /** Names of the event files, oldest first. */
  events(): string[];
  /** Names of the files in `refused/`. */
  refused(): string[];
  /** Ids of the events in `refused/`. */
  refusedIds(): string[];
  /** Writes an event file as an earlier process would have left it. */
  write(number: number, ...events: unknown[]): void;
}

export function directoryOf(directory: string): OutboxDirectory {
  const refusedDirectory = path.join(directory, 'refused');
  const refused = () => readdirSync(refusedDirectory);
  return {
    refusedDirectory,
    events: () => readdirSync(directory).filter((name) => name.endsWith('.json')),
    refused,
    refusedIds: () =>
      refused()
        .map((name) => JSON.parse(readFileSync(path.join(refusedDirectory, name), 'utf8')).event.id as string)
        .sort(),
    write: (number, ...events) =>
      writeFileSync(
        path.join(directory, `${String(number).padStart(12, '0')}-${events.length}.json`),
        JSON.stringify(events),
      ),
  };
}
