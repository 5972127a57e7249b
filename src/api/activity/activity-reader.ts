import { encodePosition, type Activity, type Moment, type Position } from '../../domain/activity';
import type { Executor } from '../../store/db/database';
import { listActivity } from '../../store/reporting/activity';

const PAGE_ROWS = 500;

/** One thing to tell: the server-sent event as it goes over the wire, made once for all who watch. */
export interface Frame {
  activity: Activity;
  text: string;
}

/** A page of the stream. */
export interface ActivityPage {
  frames: Frame[];
  /** How far a reader is who has got it all. */
  position: Position;
}

/**
 * Reads on from a position until a moment, page by page. A position in the middle of a page is read to the end of what was then being read first, so
 * that nothing is left out and nothing comes twice.
 *
 * @param until - later than what the position has seen
 * @param sinceMs - what is older is left out
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
    const frames = rows.map(({ uuid, activity }) => ({
      activity,
      text: frameText(activity, encodePosition({ seen, reading: { until: target, upTo: uuid } })),
    }));
    yield { frames, position };
  }
}

function frameText(activity: Activity, id: string): string {
  return `id: ${id}\nevent: ${activity.kind}\ndata: ${JSON.stringify(activity)}\n\n`;
}
