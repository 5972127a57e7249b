import { Check, X } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction, useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { AllowlistEntry, Page } from '../../api/types';
import { Button } from '../../ui/button';
import { Card } from '../../ui/page';
import { Time } from '../../ui/time';

/** Requested URL patterns, which an admin approves or rejects. */
export function Requests() {
  const { administer } = usePermissions();
  const requests =
    useRead<Page<AllowlistEntry>>('/v1/url-allowlist', { status: 'requested', limit: 50 }).data?.items ?? [];
  const decide = useAction(
    ({ id, status }: { id: string; status: 'approved' | 'rejected' }) =>
      api.patch(at`/v1/url-allowlist/${id}`, { status }),
    {
      done: (_, { status }) =>
        status === 'approved' ? 'URL approved. Held notifications are being sent.' : 'URL rejected',
    },
  );
  if (requests.length === 0) return null;
  return (
    <Card title={administer ? 'Requests to review' : 'Waiting for an admin'}>
      <ul className="stack">
        {requests.map(({ id, pattern, customerId, productId, requestedBy, createdAt }) => (
          <li key={id} className="row spread">
            <div className="grow">
              <code className="wrap-anywhere">{pattern}</code>
              <div className="muted">
                Requested by {requestedBy ?? productId}
                {productId && ` for product ${productId}`}
                {customerId && ` for customer ${customerId}`}, <Time at={createdAt} />
              </div>
            </div>
            {administer && (
              <div className="row">
                <Button
                  variant="primary"
                  small
                  icon={Check}
                  busy={decide.isPending}
                  onClick={() => decide.mutate({ id, status: 'approved' })}
                >
                  Approve
                </Button>
                <Button
                  small
                  icon={X}
                  disabled={decide.isPending}
                  onClick={() => decide.mutate({ id, status: 'rejected' })}
                >
                  Reject
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
