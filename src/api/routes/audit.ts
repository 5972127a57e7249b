import { z } from 'zod';
import { tenantOf } from '../../domain/fairness';
import { isUuid } from '../../domain/ids';
import { Problem } from '../../domain/problems';
import { listAudit } from '../../store/access/audit';
import { exportAudit } from '../audit/export-audit';
import { scopeOf } from '../auth/auth';
import { WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { Turns } from '../limits/turns';
import { pageOf, pageQuery, pageRequest, searchText, timestamp, timestampInput } from '../schemas/schemas';

const entry = z
  .object({
    id: z.string(),
    at: timestamp,
    actorId: z.string().describe('Id of the credential. `anonymous` without a valid one.'),
    actorName: z.string(),
    address: z.string().nullable().describe('Address of the caller; null if a combined entry has several.'),
    requestId: z.string().nullable().describe('As in `x-request-id` of the response; the first of a combined entry.'),
    action: z.string().describe('What was done, such as `subscription.change`.'),
    object: z.string().describe('Id or name of the object.'),
    occurrences: z.int().describe('More than 1 if the entry combines several occurrences within a minute.'),
    productId: z.string().nullable().describe('The product that sees the entry: of the actor, or the owner.'),
    customerId: z.string().nullable().describe('The customer whom the action concerned.'),
    changes: z
      .record(z.string(), z.object({ from: z.unknown(), to: z.unknown() }))
      .describe('Old and new value of each field that changed. `***` stands for a private or large value.'),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });

/** Exports of one tenant that are sent concurrently; further ones wait. */
const EXPORTS_AT_ONCE = 2;
const MAX_EXPORTS_WAITING = 8;

/** @throws Problem validation-failed */
function refusePages(query: Record<string, unknown>): void {
  const given = ['limit', 'cursor'].filter((name) => query[name] !== undefined);
  if (given.length === 0) return;
  throw new Problem('validation-failed', 'An export has no pages. Narrow it with since and until.', {
    errors: given.map((name) => ({ path: `query/${name}`, message: 'cannot be combined with format=ndjson' })),
  });
}

/** The audit log: who changed, revealed, retried or cancelled what. */
export function auditRoutes(): Route[] {
  const exports = new Turns(EXPORTS_AT_ONCE, MAX_EXPORTS_WAITING);
  return [
    route({
      method: 'get',
      path: '/v1/audit',
      summary: 'List audit entries',
      description:
        'An admin sees all entries. A product sees those of its own credentials, and those about its own objects and customers.',
      tag: 'Audit',
      roles: WRITERS,
      query: z.strictObject({
        ...pageQuery,
        actor: searchText.optional().describe('Only entries of the credential with this id.'),
        action: searchText.optional().describe('Only this action, such as `subscription.change`.'),
        object: searchText.optional().describe('Only entries about the object with this id or name.'),
        since: timestampInput.optional().describe('Only entries at or after this time.'),
        until: timestampInput.optional().describe('Only entries before this time.'),
        format: z
          .enum(['json', 'ndjson'])
          .default('json')
          .describe('`ndjson` exports all entries that match, one JSON object a line, without pages.'),
      }),
      answers: {
        200: {
          description: 'A page, or all entries as `application/x-ndjson`; newest first',
          schema: pageOf(entry),
          lines: entry,
        },
      },
      async handle(context) {
        const { db, principal, query, log, request, response } = context;
        const { format, limit, cursor, ...filter } = query;
        const scope = scopeOf(principal);
        if (format === 'json')
          return { status: 200, body: await listAudit(db, scope, filter, pageRequest({ limit, cursor }, isUuid)) };
        refusePages(request.query);
        if (request.method === 'HEAD') response.type('application/x-ndjson').end();
        else await exports.take(tenantOf(principal), () => exportAudit({ db, scope, filter, response, log }));
        return { status: 200 };
      },
    }),
  ];
}
