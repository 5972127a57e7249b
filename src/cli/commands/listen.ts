import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { moment } from '../arguments';
import { list, type Client, type Json } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { show } from '../output';
import type { Session } from '../session';

const POLL_MS = 1000;
const FORWARD_TIMEOUT_MS = 30_000;
const MASK = '***';
/** They belong to the connection on which they were sent (RFC 9110 §7.6.1), or are set anew. */
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

/** `listen`: a subscription's deliveries, also on the developer's machine. */
export function addListen(program: Command, session: Session): void {
  program
    .command('listen <subscriptionId>')
    .description("Repeat a subscription's deliveries to a local URL while developing")
    .requiredOption('--forward-to <url>', 'as http://localhost:3000/hooks')
    .option('--since <time>', 'begin with what was accepted then: a time, or 30m, 6h, 2d ago; default: now', moment)
    .addHelpText(
      'after',
      `
Every attempt that Signpost makes for the subscription is sent to the local URL as well: method, headers with the signature, and body as the
endpoint itself got them. Headers whose values Signpost keeps secret (such as Authorization) are left out. What the local URL answers changes
nothing in Signpost. Ends with Ctrl-C.

Example:
  $ signpost listen sub_… --forward-to http://localhost:3000/hooks`,
    )
    .action(async (subscriptionId: string, { forwardTo, since }: { forwardTo: string; since?: string }) => {
      if (!URL.canParse(forwardTo)) throw new CliError(EXIT.usage, `--forward-to ${forwardTo} is not a URL.`);
      const interrupted = session.io.interrupted();
      const follow = new Follower(session.client, subscriptionId, since ?? new Date().toISOString());
      await session.client.request('GET', `/v1/subscriptions/${encodeURIComponent(subscriptionId)}`);
      session.note(`listening; deliveries go to ${forwardTo} as well (Ctrl-C ends)`);
      while (!interrupted.aborted) {
        try {
          for await (const { attempt, notification } of follow.attempts()) {
            const answer = await forward(attempt, forwardTo);
            session.print({ attemptId: attempt.id, notificationId: notification.id, answer }, () =>
              [notification.eventType, notification.id, `attempt ${attempt.number}`, answer].map(show).join('  '),
            );
          }
        } catch (error) {
          // A service that is started anew is waited for: what it delivers meanwhile is found afterwards.
          if (!(error instanceof CliError) || error.exitCode !== EXIT.unreachable) throw error;
          session.note(error.message);
        }
        await sleep(POLL_MS, undefined, { signal: interrupted }).catch(() => undefined);
      }
    });
}

/** Finds the attempts that have not been seen yet. */
class Follower {
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly client: Client,
    private readonly subscriptionId: string,
    private readonly since: string,
  ) {}

  /** New attempts, oldest notification first; each counts as seen when the next one is asked for. */
  async *attempts(): AsyncGenerator<{ attempt: AttemptDetail; notification: Notification }> {
    const path = `/v1/subscriptions/${encodeURIComponent(this.subscriptionId)}/notifications`;
    const { items } = await list<Notification>(this.client, path, { since: this.since });
    for (const notification of items.reverse()) {
      const before = this.seen.get(notification.id) ?? 0;
      if (notification.attemptCount <= before) continue;
      const { attempts } = await this.client.request<{ attempts: { id: string; number: number }[] }>(
        'GET',
        `/v1/notifications/${notification.id}`,
      );
      for (const { id, number } of attempts.filter((attempt) => attempt.number > before)) {
        yield { attempt: await this.client.request<AttemptDetail>('GET', `/v1/attempts/${id}`), notification };
        this.seen.set(notification.id, number);
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
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return cause?.code ?? message;
  }
}
