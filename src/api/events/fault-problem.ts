import type { AcceptFault } from '../../domain/acceptance';
import { Problem } from '../../domain/problems';

const FAULTS: Record<Exclude<AcceptFault, 'stale-schema'>, { detail: string; path: string }> = {
  'unknown-event-type': {
    detail: 'The event type is not in the catalog. Create it with PUT /v1/event-types/:name.',
    path: '/type',
  },
  'event-type-archived': { detail: 'The event type is archived and accepts no more events.', path: '/type' },
  'product-disabled': {
    detail: 'The product is not enabled. An operator enables it with PATCH /v1/products/:id.',
    path: '/type',
  },
  'unknown-customer': { detail: 'The product has no customer with this id.', path: '/customerId' },
  'event-id-conflict': {
    detail: 'An event with this id and a different body was accepted before. Use a new id for a new event.',
    path: '/id',
  },
};

/** The problem of an event that the accept statement refused. */
export function faultProblem(fault: keyof typeof FAULTS): Problem {
  const { detail, path } = FAULTS[fault];
  return new Problem(fault, detail, { errors: [{ path, message: detail }] });
}
