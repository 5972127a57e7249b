import { Copy, MoreHorizontal, Pause, Pencil, Play, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMay } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { writeClipboard } from '../../../ui/copy';
import { Menu } from '../../../ui/menu';
import { useToast } from '../../../ui/toast';
import { useSwitch } from '../shared/actions';
import { DeleteDialog } from '../dialogs/delete';
import { TriggerDialog } from '../dialogs/trigger';

/** Actions for an endpoint in the list. */
export function RowMenu({ subscription }: { subscription: Subscription }) {
  const may = useMay();
  const navigate = useNavigate();
  const toast = useToast();
  const change = useSwitch(subscription);
  const [shown, setShown] = useState<'trigger' | 'delete'>();
  const { id, name, enabled, status } = subscription;
  const close = () => setShown(undefined);
  async function copyId() {
    await writeClipboard(id);
    toast({ tone: 'ok', text: `${id} copied` });
  }
  return (
    <>
      <Menu
        label={`Actions for ${name}`}
        trigger={<Button look="ghost" small icon={MoreHorizontal} label={`Actions for ${name}`} />}
        items={[
          may.steer && { text: 'Trigger now', icon: Send, onSelect: () => setShown('trigger') },
          may.steer && {
            text: 'Edit',
            icon: Pencil,
            onSelect: () => void navigate(`/endpoints/${id}/edit`),
          },
          may.steer &&
            (!enabled || status === 'out-of-order') && {
              text: 'Enable',
              icon: Play,
              onSelect: () => change.mutate(true),
            },
          may.steer && enabled && { text: 'Disable', icon: Pause, onSelect: () => change.mutate(false) },
          { text: 'Copy ID', icon: Copy, onSelect: () => void copyId() },
          may.steer && { text: 'Delete', icon: Trash2, danger: true, onSelect: () => setShown('delete') },
        ]}
      />
      {shown === 'trigger' && <TriggerDialog subscription={subscription} open onClose={close} />}
      {shown === 'delete' && <DeleteDialog subscription={subscription} open onClose={close} />}
    </>
  );
}
