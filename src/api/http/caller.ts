import type { Request, Response } from 'express';
import type { AuditActor } from '../../domain/audit';
import type { Principal } from '../../domain/types';
import { callerAddress } from '../limits/client-address';

/** The caller without a credential. */
export const ANONYMOUS: Principal = {
  id: 'anonymous',
  name: 'anonymous',
  role: 'viewer',
  productId: null,
  customerId: null,
};

/** The caller of a request, as the audit log names it. */
export function actorOf(principal: Omit<Principal, 'role'>, request: Request, response: Response): AuditActor {
  const { id, name, productId, customerId } = principal;
  const requestId = response.getHeader('x-request-id');
  return {
    id,
    name,
    productId,
    customerId,
    address: callerAddress(request),
    requestId: requestId === undefined ? null : String(requestId),
  };
}
