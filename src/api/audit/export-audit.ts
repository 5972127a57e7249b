import { once } from 'node:events';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { isUuid } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import { listAudit, type AuditEntry, type AuditFilter } from '../../store/access/audit';
import type { Executor } from '../../store/db/database';
import type { Page } from '../../store/db/pages';
import { pageRequest } from '../schemas/schemas';

const PAGE = 200;
/** A client that does not read for this long is disconnected. */
const STALLED_MS = 30_000;

export interface AuditExport {
  db: Executor;
  scope: Scope;
  filter: AuditFilter;
  response: Response;
  log: Pick<Logger, 'warn'>;
}

/**
 * Streams all entries that match, newest first, one JSON object a line. Memory holds one page, and
 * no database connection is held while the client reads. If the export cannot be completed, the
 * connection is reset, so that a client does not take a part for the whole.
 *
 * @throws what reading the first page throws
 */
export async function exportAudit({ db, scope, filter, response, log }: AuditExport): Promise<void> {
  const read = (cursor?: string) => listAudit(db, scope, filter, pageRequest({ limit: PAGE, cursor }, isUuid));
  let page: Page<AuditEntry> = await read();
  response.setHeader('content-type', 'application/x-ndjson');
  response.setHeader('content-disposition', 'attachment; filename="audit.ndjson"');
  try {
    for (;;) {
      await send(response, page.items.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      if (page.nextCursor === null) break;
      page = await read(page.nextCursor);
    }
    response.end();
  } catch (error) {
    if (!response.destroyed) log.warn({ err: error }, 'an export of the audit log was not completed');
    response.destroy();
  }
}

async function send(response: Response, lines: string): Promise<void> {
  if (response.destroyed) throw new Error('The client has disconnected.');
  if (lines === '' || response.write(lines)) return;
  const gone = new AbortController();
  const end = () => gone.abort();
  response.once('close', end);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(STALLED_MS)]) });
  } finally {
    response.off('close', end);
  }
}
