import { createHmac } from 'node:crypto';
import { derivedKey } from '../../domain/derived-key';
import { equalInConstantTime } from '../../domain/signing';
import type { Reply } from './route';

const TAG_BYTES = 12;

/**
 * Cursors of lists. A cursor holds the sort key of the last item of a page, so it depends on no
 * row. A tag ties it to its list and shows that it is unchanged, so nobody can forge one to find
 * out where the objects of others are sorted.
 */
export interface Cursors {
  /** @param list - identifies the list; a cursor is valid for this one only */
  seal(list: string, key: string): string;
  /** @returns the sort key, or undefined if it is not a cursor of this list */
  open(list: string, cursor: string): string | undefined;
}

/**
 * The key of the tags is derived from the master key.
 *
 * @param masterKey - 32 bytes
 * @param previousKey - 32 bytes; a cursor that was made with it is valid, too
 */
export function createCursors(masterKey: Buffer, previousKey?: Buffer): Cursors {
  const keys = [masterKey, ...(previousKey ? [previousKey] : [])].map((key) => derivedKey(key, 'cursors'));
  return {
    seal: (list, sortKey) =>
      Buffer.concat([tagOf(keys[0]!, list, sortKey), Buffer.from(sortKey)]).toString('base64url'),
    open(list, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      const sortKey = bytes.subarray(TAG_BYTES).toString('utf8');
      const given = bytes.subarray(0, TAG_BYTES).toString('hex');
      const isOurs = keys.some((each) => equalInConstantTime(given, tagOf(each, list, sortKey).toString('hex')));
      // Several texts may decode to the same bytes.
      return isOurs && bytes.toString('base64url') === cursor ? sortKey : undefined;
    },
  };
}

/** The part of a query and of an answer that is about pages. */
interface Paged {
  cursor?: string;
  nextCursor?: string | null;
}

/**
 * Opens the cursor of a request and seals the one of its answer. An invalid one becomes empty text,
 * which is no sort key of any list.
 */
export function pagesOf(cursors: Cursors, path: string, params: object) {
  const list = JSON.stringify([path, params]);
  return {
    opened: <Query extends Paged>(query: Query): Query =>
      query.cursor === undefined ? query : { ...query, cursor: cursors.open(list, query.cursor) ?? '' },
    sealed: ({ status, body }: Reply): Reply => {
      const page = body as Paged | undefined;
      if (typeof page?.nextCursor !== 'string') return { status, body };
      return { status, body: { ...page, nextCursor: cursors.seal(list, page.nextCursor) } };
    },
  };
}

function tagOf(key: Buffer, list: string, sortKey: string): Buffer {
  return createHmac('sha256', key).update(`${list}\n${sortKey}`).digest().subarray(0, TAG_BYTES);
}
