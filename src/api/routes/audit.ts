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

const text = z.string().trim().min(1).max(200);

/** The audit log: who changed, revealed, retried or cancelled what. */
export function auditRoutes(): Route[] {
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
