import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { timestamp } from '../arguments';
import { list, type Client, type Json } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { show } from '../output';
import type { Session } from '../session';

const POLL_MS = 1000;
const FORWARD_TIMEOUT_MS = 30_000;
const MASK = '***';
/** Headers of the original connection (RFC 9110 §7.6.1), and headers that fetch sets itself. */
const NOT_FORWARDED = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding', 'upgrade']);

interface Notification extends Json {
  id: string;
  eventType: string;
  attemptCount: number;
}

interface AttemptDetail {
  id: string;
  number: number;
  request: { method: string; headers: Record<string, string>; body: string | null };
}

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
of the local URL has no effect in Signpost. Press Ctrl-C to stop.

Example:
  $ signpost listen sub_… --forward-to http://localhost:3000/hooks`,
    )
    .action(async (subscriptionId: string, { forwardTo, since }: { forwardTo: string; since?: string }) => {
      if (!URL.canParse(forwardTo))
        throw new CliError(
          EXIT.usage,
          `--forward-to ${forwardTo} is not a URL. Use one such as http://localhost:3000/hooks.`,
        );
      const interrupted = session.io.interrupted();
      const follower = new Follower(session.client, subscriptionId, since ?? new Date().toISOString());
      await session.client.request('GET', `/v1/subscriptions/${encodeURIComponent(subscriptionId)}`);
      session.note(`listening; copying deliveries to ${forwardTo} (press Ctrl-C to stop)`);
      while (!interrupted.aborted) {
        try {
          for await (const { attempt, notification } of follower.attempts()) {
            const answer = await forward(attempt, forwardTo);
            session.print({ attemptId: attempt.id, notificationId: notification.id, answer }, () =>
              [notification.eventType, notification.id, `attempt ${attempt.number}`, answer].map(show).join('  '),
            );
          }
        } catch (error) {
          // Wait while the service restarts. The next poll finds the attempts made in between.
          if (!(error instanceof CliError) || error.exitCode !== EXIT.unreachable) throw error;
          session.note(error.message);
        }
        await sleep(POLL_MS, undefined, { signal: interrupted }).catch(() => undefined);
      }
    });
}

/** Finds attempts that have not been forwarded yet. */
class Follower {
  /** Number of the last forwarded attempt, by notification id. */
  private readonly forwarded = new Map<string, number>();

  constructor(
    private readonly client: Client,
    private readonly subscriptionId: string,
    private readonly since: string,
  ) {}

  /**
   * Yields new attempts, oldest notification first. An attempt counts as forwarded when the next
   * one is requested.
   */
  async *attempts(): AsyncGenerator<{ attempt: AttemptDetail; notification: Notification }> {
    const path = `/v1/subscriptions/${encodeURIComponent(this.subscriptionId)}/notifications`;
    const { items } = await list<Notification>(this.client, path, { since: this.since });
    for (const notification of items.reverse()) {
      const last = this.forwarded.get(notification.id) ?? 0;
      if (notification.attemptCount <= last) continue;
      const { attempts } = await this.client.request<{ attempts: { id: string; number: number }[] }>(
        'GET',
        `/v1/notifications/${notification.id}`,
      );
      for (const { id, number } of attempts.filter((attempt) => attempt.number > last)) {
        yield { attempt: await this.client.request<AttemptDetail>('GET', `/v1/attempts/${id}`), notification };
        this.forwarded.set(notification.id, number);
      }
    }
  }
}

async function forward({ request }: AttemptDetail, url: string): Promise<string> {
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
