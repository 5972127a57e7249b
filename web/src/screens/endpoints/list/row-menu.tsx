import { t } from '@lingui/core/macro';
import { Copy, MoreHorizontal, Pause, Pencil, Play, Send, Trash2 } from 'lucide-react';
import { useNavigate } from 'react-router';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { writeClipboard } from '../../../ui/copy';
import { Menu } from '../../../ui/menu';
import { useToast } from '../../../ui/toast';
import { useToggleEndpoint } from '../shared/actions';

/** Actions of a row that open a dialog. */
export type RowAction = 'trigger' | 'delete';

/** Actions for an endpoint in the list. */
export function RowMenu({
  subscription,
  onAction,
}: {
  subscription: Subscription;
  onAction(action: RowAction, subscription: Subscription): void;
}) {
  const can = usePermissions();
  const navigate = useNavigate();
  const toast = useToast();
  const change = useToggleEndpoint(subscription);
  const { id, name, enabled, status } = subscription;
  async function copyId() {
    await writeClipboard(id);
    toast({ tone: 'ok', text: t`${id} copied` });
  }
  return (
    <>
      <Menu
        label={t`Actions for ${name}`}
        trigger={<Button variant="ghost" small icon={MoreHorizontal} label={t`Actions for ${name}`} />}
        items={[
          can.manageEndpoints && {
            text: t`Trigger now`,
            icon: Send,
            onSelect: () => onAction('trigger', subscription),
          },
          can.manageEndpoints && {
            text: t`Edit`,
            icon: Pencil,
            onSelect: () => void navigate(`/endpoints/${id}/edit`),
          },
          can.manageEndpoints &&
            (!enabled || status === 'out-of-order') && {
              text: t`Enable`,
              icon: Play,
              onSelect: () => change.mutate(true),
            },
          can.manageEndpoints && enabled && { text: t`Disable`, icon: Pause, onSelect: () => change.mutate(false) },
          { text: t`Copy ID`, icon: Copy, onSelect: () => void copyId() },
          can.manageEndpoints && {
            text: t`Delete`,
            icon: Trash2,
            danger: true,
            onSelect: () => onAction('delete', subscription),
          },
        ]}
      />
    </>
  );
}
