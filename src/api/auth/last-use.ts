import type { Logger } from 'pino';
import { noteUse } from '../../store/access/credentials';
import { noteSessionUse } from '../../store/access/sessions';
import type { Executor } from '../../store/db/database';

const WRITE_EVERY_MS = 60_000;

/** Collects which credentials and sessions are in use, and writes it down once a minute. */
export class LastUse {
  private ids = new Set<string>();
  private sessionIds = new Set<string>();
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

  noteSession(sessionId: string): void {
    this.sessionIds.add(sessionId);
  }

  async write(): Promise<void> {
    const [ids, sessionIds] = [[...this.ids], [...this.sessionIds]];
    this.ids = new Set();
    this.sessionIds = new Set();
    try {
      await noteUse(this.db, ids);
      await noteSessionUse(this.db, sessionIds);
    } catch (error) {
      this.log?.warn(
        { err: error },
        'the last use of credentials and sessions was not recorded; it is recorded when they are used again',
      );
    }
  }

  /** Writes what was collected, for the last time. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.write();
  }
}
