import type { Logger } from 'pino';

/** Upper limit of the claims that one statement releases. */
const MAX_GROUP = 1000;

/**
 * Releases the claims of first attempts that this process will not make. The attempts stay under
 * way until then: a claim that this process made again meanwhile must not be released. Claims that
 * cannot be released lapse.
 */
export class ClaimRelease {
  private readonly waiting: string[] = [];
  private releasing: Promise<void> | undefined;
  private stopping = false;

  /**
   * @param release - @default claims are left to lapse
   * @param onReleased - called with each id when its claim was released, or could not be
   */
  constructor(
    private readonly release: ((notificationIds: readonly string[], soon: boolean) => Promise<void>) | undefined,
    private readonly onReleased: (notificationId: string) => void,
    private readonly log: Logger,
  ) {}

  add(notificationId: string): void {
    if (!this.release) return this.onReleased(notificationId);
    this.waiting.push(notificationId);
    this.releasing ??= this.run(this.release);
  }

  /** The process stops, and others make the attempts as soon as they can. */
  stop(): void {
    this.stopping = true;
  }

  /** Resolves when no claim waits to be released. */
  async done(): Promise<void> {
    await this.releasing;
  }

  private async run(release: (notificationIds: readonly string[], soon: boolean) => Promise<void>): Promise<void> {
    // Claims that end in the same turn of the event loop are released together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, MAX_GROUP);
      try {
        await release(group, this.stopping);
      } catch (error) {
        this.log.warn({ err: error, notifications: group.length }, 'claims could not be released; they will lapse');
      }
      for (const id of group) this.onReleased(id);
    }
    this.releasing = undefined;
  }
}
