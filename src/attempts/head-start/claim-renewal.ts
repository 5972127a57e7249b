import type { Logger } from 'pino';

/** Upper limit of the claims that one statement renews. */
const MAX_GROUP = 500;

/** A claim that was renewed. */
export interface RenewedClaim {
  notificationId: string;
  /** Host and port of the subscription's URL, as it is now. */
  host: string;
}

/** A head start whose claim is to be renewed. */
export interface Renewable {
  notificationId: string;
  host?: string | null;
  /** Set when it does not wait any more. */
  left?: boolean;
}

/**
 * Renews the claims of head starts that wait, with one statement at a time. A head start whose
 * claim is not renewed leaves the queue when it is too late.
 */
export class ClaimRenewal<T extends Renewable> {
  private readonly waiting: T[] = [];
  private isRenewing = false;

  /** @param onRenewed - called with each item, and the time before the statement */
  constructor(
    private readonly renew: (notificationIds: readonly string[]) => Promise<readonly RenewedClaim[]>,
    private readonly onRenewed: (item: T, claimedAt: number) => void,
    private readonly log: Logger,
  ) {}

  add(items: readonly T[]): void {
    for (const item of items) this.waiting.push(item);
    if (!this.isRenewing) void this.run();
  }

  private async run(): Promise<void> {
    this.isRenewing = true;
    while (this.waiting.length > 0) await this.renewGroup(this.waiting.splice(0, MAX_GROUP));
    this.isRenewing = false;
  }

  private async renewGroup(group: readonly T[]): Promise<void> {
    const items = new Map(group.flatMap((item) => (item.left ? [] : [[item.notificationId, item]])));
    if (items.size === 0) return;
    const claimedAt = performance.now();
    try {
      for (const { notificationId, host } of await this.renew([...items.keys()])) {
        const item = items.get(notificationId)!;
        item.host = host;
        this.onRenewed(item, claimedAt);
      }
    } catch (error) {
      this.log.warn(
        { err: error, notifications: items.size },
        'claims could not be renewed; their attempts may be late',
      );
    }
  }
}
