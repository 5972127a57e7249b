import type { AuditActor } from '../../domain/audit';
import type { AuthFailure, AuthMetrics } from '../../process/auth-metrics';
import type { AuditTally } from './audit-tally';

/** The reasons with an action of their own. */
const ACTIONS: Partial<Record<AuthFailure, string>> = {
  'sign-in': 'session.refuse',
  'client-credentials': 'token.refuse',
  'refresh-token-reuse': 'token.refuse',
};

/** Records refused callers in the audit log and in the metrics. */
export class Refusals {
  constructor(
    private readonly tally: Pick<AuditTally, 'note'>,
    private readonly metrics: AuthMetrics,
  ) {}

  /** @param object - such as `GET /v1/products`; never a text that the caller chose */
  note(reason: AuthFailure, actor: AuditActor, object: string): void {
    this.metrics.authFailures.inc({ reason });
    this.tally.note({ actor, action: ACTIONS[reason] ?? 'request.refuse', object, detail: { reason } });
  }
}
