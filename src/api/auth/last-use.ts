import type { Logger } from 'pino';
import { noteUse } from '../../store/access/credentials';
import type { Executor } from '../../store/db/database';

const WRITE_EVERY_MS = 60_000;

/** Collects which credentials are in use, and writes it down once a minute. */
export class LastUse {
  private ids = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly db: Executor,
    private readonly log?: Pick<Logger, 'warn'>,
  ) {
    this.timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  note(principalId: string): void {
    this.ids.add(principalId);
  }

  async write(): Promise<void> {
    const ids = [...this.ids];
    this.ids = new Set();
    try {
      await noteUse(this.db, ids);
    } catch (error) {
      this.log?.warn(
        { err: error },
        'the last use of credentials was not recorded; it is recorded when they are used again',
      );
    }
  }

  /** Writes what was collected, for the last time. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.write();
  }
}
