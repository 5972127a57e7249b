import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/** A challenge that was sent, and its result. */
export interface Challenge {
  id: string;
  status: 'verified' | 'failed';
  responseStatus: number | null;
  detail: string;
  durationMs: number;
  at: Date;
}

interface Row {
  id: string;
  status: Challenge['status'];
  response_status: number | null;
  detail: string;
  duration_ms: number;
  at: Date;
}

const COLUMNS = 'id, status, response_status, detail, duration_ms, at';

function toChallenge(row: Row): Challenge {
  return {
    id: encodeId('chg', row.id),
    status: row.status,
    responseStatus: row.response_status,
    detail: row.detail,
    durationMs: row.duration_ms,
    at: row.at,
  };
}

export async function insertChallenge(
  db: Executor,
  subscriptionId: string,
  challenge: Omit<Challenge, 'id' | 'at'>,
): Promise<Challenge> {
  const { rows } = await db.query<Row>({
    text: `insert into challenges (id, subscription_id, status, response_status, detail, duration_ms) values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    values: [
      newUuid(),
      decodeId('sub', subscriptionId),
      challenge.status,
      challenge.responseStatus,
      challenge.detail,
      challenge.durationMs,
    ],
  });
  return toChallenge(rows[0]!);
}

/** Lists the challenges of a subscription, newest first. */
export async function listChallenges(
  db: Executor,
  subscriptionId: string,
  page: PageRequest,
): Promise<Page<Challenge>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from challenges where subscription_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    values: [decodeId('sub', subscriptionId), page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toChallenge, (row) => row.id);
}
