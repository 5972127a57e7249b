import { z } from 'zod';
import { listAudit } from '../../store/access/audit';
import { scopeOf } from '../auth/auth';
import { WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { isUuidKey, pageOf, pageQuery, pageRequest, timestamp, timestampInput } from '../schemas/schemas';

const entry = z
  .object({
    id: z.string(),
    at: timestamp,
    actorId: z.string().describe('The credential.'),
    actorName: z.string(),
    action: z.string().describe('As `subscription.change`.'),
    object: z.string(),
    productId: z.string().nullable().describe("The actor's product; null for an admin."),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });

const text = z.string().min(1).max(200);

/** Who changed, revealed, retried, cancelled what. */
export function auditRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/audit',
      summary: 'Who did what',
      description: 'An admin sees all; a product what its own credentials did.',
      tag: 'Audit',
      roles: WRITERS,
      query: z.strictObject({
        ...pageQuery,
        actor: text.optional().describe('Id of a credential.'),
        action: text.optional(),
        object: text.optional(),
        since: timestampInput.optional(),
        until: timestampInput.optional(),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(entry) } },
      async handle({ db, principal, query }) {
        return { status: 200, body: await listAudit(db, scopeOf(principal), query, pageRequest(query, isUuidKey)) };
      },
    }),
  ];
}
