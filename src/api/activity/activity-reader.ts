import { encodePosition, type Activity, type ActivityPayload, type Moment, type Position } from '../../domain/activity';
import { stringifyLossless } from '../../domain/lossless-json';
import type { Executor } from '../../store/db/database';
import { listActivity } from '../../store/reporting/activity';

const PAGE_ROWS = 500;

/** An activity and its server-sent event as wire text, built once for all watchers. */
export interface Frame {
  /** UUID of the row; of the event for `event.accepted`. */
  uuid: string;
  activity: Activity;
  /** Whether the customer may see it. */
  isNotified: boolean;
  text: string;
  /** The same with the payload of the event. */
  textWith(payload: ActivityPayload): string;
}

/** A page of the stream. */
export interface ActivityPage {
  frames: Frame[];
  /** The position of a reader that has received the whole page. */
  position: Position;
}

/**
 * Reads from a position to a moment, page by page. A position inside an earlier reading first
 * completes that reading, so no row is skipped or repeated.
 *
 * @param until - later than what the position has seen
 * @param sinceMs - epoch milliseconds; older rows are left out
 */
export async function* readActivity(
  db: Executor,
  from: Position,
  until: Moment,
  sinceMs = 0,
): AsyncGenerator<ActivityPage, void, undefined> {
  let position = from;
  while (position.reading || position.seen.snapshot !== until.snapshot) {
    const { seen } = position;
    const target = position.reading?.until ?? until;
    const { rows, more } = await listActivity(db, { seen, until: target }, position.reading?.upTo, sinceMs, PAGE_ROWS);
    position = more === undefined ? { seen: target } : { seen, reading: { until: target, upTo: more } };
    const frames = rows.map(({ uuid, activity, isNotified }) => {
      const id = encodePosition({ seen, reading: { until: target, upTo: uuid } });
      return {
        uuid,
        activity,
        isNotified,
        text: frameText(activity, id),
        textWith: (payload: ActivityPayload) => frameText({ ...activity, payload }, id),
      };
    });
    yield { frames, position };
  }
}

function frameText(activity: Activity & { payload?: ActivityPayload }, id: string): string {
  return `id: ${id}\nevent: ${activity.kind}\ndata: ${stringifyLossless(activity)}\n\n`;
}
