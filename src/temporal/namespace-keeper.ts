import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Temporal, TemporalLink } from './connection';
import { ensureMaintenanceSchedule } from './maintenance-schedule';
import { ensureSearchAttributes, registerCommand } from './search-attributes';

/** How often a prepared namespace is checked. It may be deleted, or its database replaced. */
const CHECK_INTERVAL_MS = 30_000;
const RETRY_INTERVAL_MS = 1000;
const CALL_TIMEOUT_MS = 5000;
/** A problem that persists is logged at most this often. */
const LOG_INTERVAL_MS = 60_000;
/** gRPC status of a call to a namespace that does not exist. */
const NOT_FOUND = 5;

export interface NamespaceKeeperOptions {
  namespace: string;
  /** Task queue of the maintenance schedule; absent in processes without a worker. */
  maintenanceTaskQueue: string | undefined;
}

/**
 * Prepares the Temporal namespace: registers the search attributes and creates the maintenance
 * schedule. Repeats this, because the namespace may appear after the service, and may be replaced
 * while it runs.
 *
 * - WAITING: Temporal or the namespace is not there. Checks every second. It is: READY.
 * - READY: checks every 30 s, and immediately after Temporal refused the search attributes. It is
 *   gone: WAITING.
 */
export class NamespaceKeeper {
  /** Resolves when the namespace was prepared; rejects if the keeper is stopped before. */
  readonly ready: Promise<Temporal>;
  private attributes = true;
  private readonly stopping = new AbortController();
  private wake = new AbortController();
  private loggedAt = -Infinity;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly temporal: Pick<TemporalLink, 'connected'>,
    private readonly options: NamespaceKeeperOptions,
    private readonly log: Logger,
  ) {
    let resolve: (temporal: Temporal) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    this.ready = new Promise<Temporal>((resolved, rejected) => ([resolve, reject] = [resolved, rejected]));
    // Without a caller that awaits it, a rejection would be unhandled.
    this.ready.catch(() => undefined);
    this.stopping.signal.addEventListener('abort', () => reject(this.stopping.signal.reason));
    this.run(resolve).catch(reject);
  }

  /** Whether workflows may be started with the search attributes. */
  get hasSearchAttributes(): boolean {
    return this.attributes;
  }

  /** Temporal refused the search attributes, so they are checked now. */
  noteRefused(): void {
    this.attributes = false;
    this.wake.abort();
  }

  /** Resolves when the namespace was prepared the next time. */
  async prepared(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      this.wake.abort();
    });
  }

  /** Checks no more. It does not wait for Temporal, which may never have been reached. */
  stop(): void {
    this.stopping.abort();
  }

  /**
   * Checks and prepares the namespace once. It counts as prepared even if this process may not
   * create what is missing.
   *
   * @throws the error of Temporal if the namespace is not there
   */
  async prepare(temporal: Temporal): Promise<void> {
    const { namespace, maintenanceTaskQueue } = this.options;
    await temporal.connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, async () => {
      await temporal.client.workflowService.describeNamespace({ namespace });
      this.attributes = await this.try('search attributes could not be checked', () =>
        ensureSearchAttributes(temporal),
      );
      if (!this.attributes)
        this.report(
          `search attributes are missing, and this process may not register them; run: ${registerCommand(namespace)}`,
        );
      if (maintenanceTaskQueue !== undefined)
        await this.try('the maintenance schedule could not be created', () =>
          ensureMaintenanceSchedule(temporal, maintenanceTaskQueue),
        );
    });
  }

  /** @returns whether it succeeded; if the step returns false, false */
  private async try(message: string, step: () => Promise<boolean | void>): Promise<boolean> {
    try {
      return (await step()) ?? true;
    } catch (err) {
      this.report(`${message}; this will be tried again`, err);
      return false;
    }
  }

  private async run(resolve: (temporal: Temporal) => void): Promise<never> {
    const temporal = await this.temporal.connected;
    for (;;) {
      this.wake = new AbortController();
      let pauseMs = CHECK_INTERVAL_MS;
      try {
        await this.prepare(temporal);
        resolve(temporal);
        for (const done of this.waiting.splice(0)) done();
      } catch (error) {
        this.reportFailure(error);
        pauseMs = RETRY_INTERVAL_MS;
      }
      await sleep(pauseMs, undefined, { signal: AbortSignal.any([this.stopping.signal, this.wake.signal]) }).catch(() =>
        this.stopping.signal.throwIfAborted(),
      );
    }
  }

  private reportFailure(err: unknown): void {
    const { namespace } = this.options;
    if (isNotFound(err))
      this.report(
        `the Temporal namespace ${namespace} does not exist; the service waits for it. To create it, run: temporal operator namespace create --namespace ${namespace}`,
      );
    else this.report('the Temporal namespace could not be checked; it will be checked again', err);
  }

  private report(message: string, err?: unknown): void {
    if (performance.now() - this.loggedAt < LOG_INTERVAL_MS) return;
    this.loggedAt = performance.now();
    this.log.warn({ err }, message);
  }
}

/** Whether an error means that the namespace does not exist. */
export function isNotFound(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === NOT_FOUND || (cause !== undefined && isNotFound(cause));
}
