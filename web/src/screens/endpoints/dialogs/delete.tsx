import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import type { Subscription } from '../../../api/types';
import { Confirm } from '../../../ui/dialog';
import { useDeleteEndpoint } from '../shared/actions';

/** Confirms the deletion of an endpoint, then opens the list. */
export function DeleteDialog({
  subscription,
  open,
  onClose,
}: {
  subscription: Subscription;
  open: boolean;
  onClose(): void;
}) {
  const remove = useDeleteEndpoint(subscription);
  const navigate = useNavigate();
  const client = useQueryClient();
  async function confirm() {
    await remove.mutateAsync();
    await navigate('/endpoints');
    void client.invalidateQueries({ queryKey: ['/v1/subscriptions'] });
  }
  return (
    <Confirm
      open={open}
      onClose={onClose}
      title={t`Delete ${subscription.name}?`}
      action={t`Delete endpoint`}
      onConfirm={confirm}
    >
      <p>
        <Trans>
          Undelivered notifications are cancelled, and the secret is deleted. This cannot be undone. To pause
          deliveries, disable the endpoint instead: its notifications are then held.
        </Trans>
      </p>
    </Confirm>
  );
}
