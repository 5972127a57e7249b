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
      title={`Delete ${subscription.name}?`}
      action="Delete endpoint"
      onConfirm={confirm}
    >
      <p>
        Undelivered notifications are cancelled, and the secret is deleted. This cannot be undone. To pause deliveries,
        disable the endpoint instead: its notifications are then held.
      </p>
    </Confirm>
  );
}
