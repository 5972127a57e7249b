import { FairBound } from '../../domain/fair-bound';
import { Problem } from '../../domain/problems';
import type { BoundMetrics } from '../../process/bound-metrics';
import type { NotificationLauncher } from '../ports';

const RETRY_AFTER_SECONDS = 5;
/** Stands for all customers of an event without a customer. No customer id is empty. */
const EVERYBODY = '';

/** Events of a request that may be accepted, and those that may not. */
export interface Admission {
  /** The problem of an event, if its customer has no room. */
  problemOf(event: { customerId?: string }): Problem | undefined;
  /** Whether there is room for all events, or for none. */
  room: 'all' | 'some' | 'none';
  /** Ends the admission: the events were accepted or refused. */
  end(): void;
}

/**
 * Bounds, by customer, the events that are being accepted and the notifications that wait for a
 * workflow.
 */
export class Intake {
  private readonly inHand: FairBound;

  /** @param maxInHand - events that may be accepted at the same time */
  constructor(
    maxInHand: number,
    private readonly launcher: Pick<NotificationLauncher, 'hasRoom'>,
    private readonly metrics: Pick<BoundMetrics, 'startQueueRefused' | 'eventsInHand' | 'eventsInHandRefused'>,
  ) {
    this.inHand = new FairBound(maxInHand);
  }

  admit(events: readonly { customerId?: string }[]): Admission {
    const counts = new Map<string, number>();
    for (const { customerId = EVERYBODY } of events) counts.set(customerId, (counts.get(customerId) ?? 0) + 1);
    const refused = new Map<string, Problem>();
    for (const [customerId, count] of counts) {
      const problem = this.refusal(customerId, count);
      if (problem) refused.set(customerId, problem);
      else this.inHand.take(customerId, count);
    }
    this.metrics.eventsInHand.set(this.inHand.inUse);
    return {
      problemOf: ({ customerId = EVERYBODY }) => refused.get(customerId),
      room: refused.size === 0 ? 'all' : refused.size < counts.size ? 'some' : 'none',
      end: () => {
        for (const [customerId, count] of counts) if (!refused.has(customerId)) this.inHand.giveBack(customerId, count);
        this.metrics.eventsInHand.set(this.inHand.inUse);
      },
    };
  }

  private refusal(customerId: string, count: number): Problem | undefined {
    if (!this.launcher.hasRoom(customerId || undefined, count)) {
      this.metrics.startQueueRefused.inc(count);
      return tooMany('Too many notifications of this customer wait to be started.');
    }
    if (!this.inHand.hasRoom(customerId, count)) {
      this.metrics.eventsInHandRefused.inc(count);
      return tooMany('Too many events of this customer are being accepted at the same time.');
    }
    return undefined;
  }
}

function tooMany(reason: string): Problem {
  return new Problem('too-many-requests', `${reason} The event was not accepted; retry later.`, {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
  });
}
