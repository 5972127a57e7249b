import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Check } from 'lucide-react';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Subscription } from '../../api/types';
import { Button } from '../../ui/button';

/** Gets the URL onto the allow-list. Creating the endpoint asked an admin, who approves it here. */
export function UrlStep({ endpoint: { url, status, customerId } }: { endpoint: Subscription }) {
  const { administer } = usePermissions();
  const pattern = new URL(url).origin;
  const add = useAction(() => api.post('/v1/url-allowlist', { pattern, customerId }), {
    done: t`URL approved`,
  });
  if (status !== 'awaiting-approval')
    return (
      <p>
        <Trans>The URL is on the allow-list.</Trans>
      </p>
    );
  return (
    <div className="stack">
      <p>
        <Trans>
          <code className="wrap-anywhere">{pattern}</code> is not on the allow-list yet. Notifications are held until it
          is approved.
        </Trans>
      </p>
      {administer ? (
        <div className="row">
          <Button variant="primary" icon={Check} busy={add.isPending} onClick={() => add.mutate()}>
            <Trans>Approve for this customer</Trans>
          </Button>
        </div>
      ) : (
        <p>
          <Trans>An admin was asked to approve it.</Trans>
        </p>
      )}
    </div>
  );
}
