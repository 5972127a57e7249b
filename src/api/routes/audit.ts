import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { listAudit } from '../../store/access/audit';
import { scopeOf } from '../auth/auth';
import { WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest, timestamp, timestampInput } from '../schemas/schemas';

const entry = z
  .object({
    id: z.string(),
    at: timestamp,
    actorId: z.string().describe('Id of the credential.'),
    actorName: z.string(),
    action: z.string().describe('What was done, such as `subscription.change`.'),
    object: z.string().describe('Id or name of the object.'),
    productId: z.string().nullable().describe("Product of the actor's credential; null for an admin."),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });

const text = z.string().trim().min(1).max(200);

/** The audit log: who changed, revealed, retried or cancelled what. */
export function auditRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/audit',
      summary: 'List audit entries',
      description: 'An admin sees all entries, a product those of its own credentials.',
      tag: 'Audit',
      roles: WRITERS,
      query: z.strictObject({
        ...pageQuery,
        actor: text.optional().describe('Only entries of the credential with this id.'),
        action: text.optional().describe('Only this action, such as `subscription.change`.'),
        object: text.optional().describe('Only entries about the object with this id or name.'),
        since: timestampInput.optional().describe('Only entries at or after this time.'),
        until: timestampInput.optional().describe('Only entries before this time.'),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(entry) } },
      async handle({ db, principal, query }) {
        return { status: 200, body: await listAudit(db, scopeOf(principal), query, pageRequest(query, isUuid)) };
      },
    }),
  ];
}
