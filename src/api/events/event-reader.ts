import { tenantOf } from '../../domain/fairness';
import type { Principal } from '../../domain/types';
import { problemOf } from '../side-thread/jobs';
import type { SideThread } from '../side-thread/side-thread';
import type { ReadEvents } from './read-events';

/** Reads large bodies of posts of events in the side thread. */
export class EventReader {
  constructor(private readonly thread: Pick<SideThread, 'run'>) {}

  /**
   * @param identify - whether the identity of the body is needed, for an `Idempotency-Key`
   * @throws Problem malformed-json, validation-failed, too-many-requests
   */
  async read(principal: Principal, raw: Buffer, isBatch: boolean, identify: boolean): Promise<ReadEvents> {
    const { events, identity } = await this.thread.run(tenantOf(principal), 'read', { raw, isBatch, identify });
    return {
      events: events.map((each) =>
        'problem' in each
          ? problemOf(each.problem)
          : { ...each.event, bodyHash: each.event.bodyHash && Buffer.from(each.event.bodyHash) },
      ),
      identity: identity && Buffer.from(identity),
    };
  }
}
