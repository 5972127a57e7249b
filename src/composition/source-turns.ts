import { ComposerBusyError, type EvaluationOwner } from '../domain/composing';
import { SharedPlaces } from './shared-places';
import { TURN_TIMEOUT_MS, type TransformKind } from './transform-pool';

/** Queries that may wait for a data source. */
const MAX_WAITING = 1000;

/** What data sources report, by their kind. */
export interface SourceMetrics {
  queriesInUse: { inc(labels: { kind: TransformKind }, change: number): void };
  queriesWaiting: { inc(labels: { kind: TransformKind }, change: number): void };
  queriesRefused: { inc(labels: { kind: TransformKind }): void };
}

interface Waiting {
  owner: EvaluationOwner;
  places: number;
  begin(): void;
  refuse(): void;
}

/**
 * Gives the connections of a data source to customers in turns, as a TransformPool gives its
 * processes. Otherwise a customer with many or slow queries would have those of others time out.
 */
export class SourceTurns {
  private readonly places: SharedPlaces<Waiting>;

  constructor(
    connections: number,
    private readonly kind: TransformKind,
    private readonly metrics: SourceMetrics | undefined,
  ) {
    this.places = new SharedPlaces(connections, MAX_WAITING);
  }

  /**
   * @param withinMs - time for waiting and working together
   * @param work - gets the time that is left
   * @throws ComposerBusyError if there was no turn: the queue is full, or the wait too long
   */
  async run<T>(owner: EvaluationOwner, withinMs: number, work: (leftMs: number) => Promise<T>): Promise<T> {
    const until = performance.now() + withinMs;
    await this.turn(owner, Math.min(TURN_TIMEOUT_MS, withinMs / 2));
    const since = performance.now();
    try {
      return await work(Math.max(1, until - since));
    } finally {
      this.places.charge(owner.customer, performance.now() - since);
      this.places.free(owner.customer);
      this.metrics?.queriesInUse.inc({ kind: this.kind }, -1);
      this.next();
    }
  }

  private turn(owner: EvaluationOwner, waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.metrics?.queriesWaiting.inc({ kind: this.kind }, -1);
      };
      const waiting: Waiting = {
        owner,
        places: 1,
        begin: () => {
          done();
          resolve();
        },
        refuse: () => {
          done();
          this.metrics?.queriesRefused.inc({ kind: this.kind });
          reject(new ComposerBusyError());
        },
      };
      const timer = setTimeout(() => this.places.remove(waiting) && waiting.refuse(), waitMs);
      this.metrics?.queriesWaiting.inc({ kind: this.kind }, 1);
      for (const refused of this.places.push(waiting)) refused.refuse();
      this.next();
    });
  }

  private next(): void {
    for (let waiting = this.places.take(); waiting; waiting = this.places.take()) {
      this.metrics?.queriesInUse.inc({ kind: this.kind }, 1);
      waiting.begin();
    }
  }
}
