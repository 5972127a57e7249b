import type { ActivityPayload } from '../../domain/activity';
import { uuidsSharingTime } from '../../domain/ids';
import { JsonText } from '../../domain/lossless-json';
import type { Executor } from '../db/database';
import { byWindow } from '../db/windows';
import { isSentUnchanged } from '../notifications/customer-events';

/** A larger payload is left out. */
const MAX_PAYLOAD_BYTES = 16 * 1024;
/** Payloads of one page of the stream; those beyond are left out. */
const MAX_PAGE_BYTES = 256 * 1024;

interface Row {
  id: string;
  data: string | null;
  bytes: number | null;
  withheld: boolean;
}

/**
 * Reads the payloads of events for the activity stream.
 *
 * @param uuids - of events
 * @param customerId - of the reader, who sees data only as its deliveries contain it; null for none
 * @returns the payloads by the UUID of the event
 */
export async function readPayloads(
  db: Executor,
  uuids: readonly string[],
  customerId: string | null,
): Promise<Map<string, ActivityPayload>> {
  const payloads = new Map<string, ActivityPayload>();
  for (const [window, group] of byWindow([...uuids].sort(), (id) => id)) {
    const notifications = [uuidsSharingTime(group[0]!)[0], uuidsSharingTime(group.at(-1)!)[1]];
    const { rows } = await db.query<Row>({
      text: `select id, bytes, withheld, case when not withheld and bytes <= ${MAX_PAYLOAD_BYTES} and up_to <= ${MAX_PAGE_BYTES} then data end as data
             from (
               select p.*, sum(least(bytes, ${MAX_PAYLOAD_BYTES})) over (partition by product_id order by id) as up_to
               from (
                 select e.id, e.product_id, e.data::text as data, octet_length(e.data::text) as bytes,
                   $2::text is not null and not (${isSentUnchanged('$2', ['$3', '$4'])}) as withheld
                 from events e where e.id = any($1) and ${window.has('e.id')}
               ) p
             ) s`,
      values: [group, customerId, ...notifications],
    });
    for (const row of rows) payloads.set(row.id, toPayload(row));
  }
  return payloads;
}

function toPayload({ data, bytes, withheld }: Row): ActivityPayload {
  if (bytes === null) return { data: null, bytes, omitted: 'expired' };
  if (withheld) return { data: null, bytes: null, omitted: 'withheld' };
  return data === null ? { data, bytes, omitted: 'too-large' } : { data: new JsonText(data), bytes, omitted: null };
}
