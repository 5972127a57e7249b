import { SignpostError, type RetryOptions } from '@signpost/sdk';
import type { Command } from 'commander';
import { parseUrl } from '../../../src/domain/parse-url';
import { followActivity } from '../activity';
import { fromOptions, timestamp } from '../arguments';
import { list, type Client } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { show } from '../output';
import type { Session } from '../session';

const FORWARD_TIMEOUT_MS = 30_000;
/** Waits until the service is back: the attempt is copied late rather than not at all. */
const UNTIL_BACK: RetryOptions = { retries: Infinity, maxDelayMs: 5000 };
const MASK = '***';
/** Headers of the original connection (RFC 9110 §7.6.1), and headers that fetch sets itself. */
const NOT_FORWARDED = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** Adds the `listen` command: copies the deliveries of a subscription to a local URL. */
export function addListen(program: Command, session: Session): void {
  program
    .command('listen <subscriptionId>')
    .description("Copy a subscription's deliveries to a local URL while developing")
    .requiredOption('--forward-to <url>', 'local URL, such as http://localhost:3000/hooks')
    .option(
      '--since <time>',
      'also copy deliveries of notifications accepted since this time: RFC 3339, or an age such as 30m, 6h, 2d',
      timestamp,
    )
    .addHelpText(
      'after',
      `
The command sends a copy of each attempt to the local URL, with the original
method, headers and body. The signature of the copy is valid. Headers whose
values Signpost does not store, such as Authorization, are omitted. The response
of the local URL has no effect in Signpost. If the service goes away, the
command reconnects and copies what it missed. Press Ctrl-C to stop.

Example:
  $ signpost listen sub_… --forward-to http://localhost:3000/hooks`,
    )
    .action(async (subscriptionId: string, { forwardTo, since }: { forwardTo: string; since?: string }) => {
      if (!parseUrl(forwardTo))
        throw new CliError(
          EXIT.usage,
          `--forward-to ${forwardTo} is not a URL. Use one such as http://localhost:3000/hooks.`,
        );
      await session.client.subscriptions.get(subscriptionId);
      await new Listener(session, subscriptionId, forwardTo).run(since);
    });
}

/** What a delivery was for. */
interface Origin {
  type: string;
  notificationId: string;
  number: number;
}

/** Copies the attempts of one subscription. */
class Listener {
  private readonly ending = new AbortController();
  private readonly signal: AbortSignal;
  private readonly patient: Client;
  /** Attempts that were copied and that the stream may report too. */
  private readonly copied = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly subscriptionId: string,
    private readonly forwardTo: string,
  ) {
    this.signal = AbortSignal.any([session.io.interrupted(), this.ending.signal]);
    this.patient = session.createClient(UNTIL_BACK);
  }

  /** Copies attempts until Ctrl-C. */
  async run(since: string | undefined): Promise<void> {
    const { session, subscriptionId, signal } = this;
    let earlier = Promise.resolve();
    // Earlier attempts are read while the stream is open, so that none is missed in between.
    const onOpen = () => {
      session.note(`listening; copying deliveries to ${this.forwardTo} (press Ctrl-C to stop)`);
      if (since === undefined) return;
      earlier = this.copySince(since);
      earlier.catch(() => this.ending.abort());
    };
    for await (const entry of followActivity(session, { subscriptionId, signal, onOpen })) {
      await earlier;
      if (entry.kind === 'activity.gap')
        session.note(`not copied, because it is more than a day ago: ${entry.from} to ${entry.until}`);
      if (entry.kind !== 'attempt.finished') continue;
      const { id, number } = entry.attempt!;
      if (!this.copied.delete(id))
        await this.copy(id, { type: entry.type, notificationId: entry.notificationId!, number });
    }
    await earlier;
  }

  private async copySince(since: string): Promise<void> {
    const { client } = this.session;
    const filter = fromOptions<{ since: string }>({ subscriptionId: this.subscriptionId, since });
    const { items } = await list(client, '/v1/notifications', filter);
    for (const { id: notificationId, eventType: type, attemptCount } of items.reverse()) {
      if (attemptCount === 0 || this.signal.aborted) continue;
      for (const { id, number } of (await client.notifications.get(notificationId)).attempts) {
        await this.copy(id, { type, notificationId, number });
        this.copied.add(id);
      }
    }
  }

  private async copy(attemptId: string, { type, notificationId, number }: Origin): Promise<void> {
    if (this.signal.aborted) return;
    const options = { params: { id: attemptId }, signal: this.signal };
    try {
      const attempt = await this.patient.request('get', '/v1/attempts/{id}', options);
      const answer = await forward(attempt.request, this.forwardTo);
      this.session.print({ attemptId, notificationId, answer }, () =>
        [type, notificationId, `attempt ${number}`, answer].map(show).join('  '),
      );
    } catch (error) {
      if (this.signal.aborted) return;
      if (!(error instanceof SignpostError) || error.code !== 'not-found') throw error;
      this.session.note(`${attemptId} is gone, and was not copied`);
    }
  }
}

interface SentRequest {
  method: string;
  headers: Record<string, string>;
  body: string | null;
}

async function forward(request: SentRequest, url: string): Promise<string> {
  const headers = Object.entries(request.headers).filter(
    ([name, value]) => value !== MASK && !NOT_FORWARDED.has(name.toLowerCase()),
  );
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: Object.fromEntries(headers),
      body: request.method === 'GET' ? undefined : (request.body ?? undefined),
      redirect: 'manual',
      signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return `HTTP ${response.status}`;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    return cause?.code ?? cause?.message ?? message;
  }
}
