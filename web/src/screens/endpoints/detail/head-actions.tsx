import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Pause, Pencil, Play, RotateCcw, Send, ShieldCheck, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { Button, ButtonLink } from '../../../ui/button';
import { Menu } from '../../../ui/menu';
import { useToast } from '../../../ui/toast';
import { useToggleEndpoint } from '../shared/actions';
import { useChallenge } from '../shared/challenge';
import { DeleteDialog } from '../dialogs/delete';
import { RecoverDialog } from '../dialogs/recover';
import { TriggerDialog } from '../dialogs/trigger';

/** The actions of the detail page: frequent ones as buttons, the rest in a menu. */
export function HeadActions({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const toast = useToast();
  const change = useToggleEndpoint(subscription);
  const challenge = useChallenge(subscription);
  const [shown, setShown] = useState<'trigger' | 'recover' | 'delete'>();
  if (!can.manageEndpoints) return null;
  const close = () => setShown(undefined);
  const runChallenge = () =>
    challenge.mutate(undefined, {
      onSuccess: ({ status, detail }) => toast({ tone: status === 'verified' ? 'ok' : 'bad', text: detail }),
    });
  return (
    <>
      <Button variant="primary" icon={Send} onClick={() => setShown('trigger')}>
        <Trans>Trigger now</Trans>
      </Button>
      <Button icon={ShieldCheck} busy={challenge.isPending} onClick={runChallenge}>
        <Trans>Run challenge</Trans>
      </Button>
      <Button icon={RotateCcw} onClick={() => setShown('recover')}>
        <Trans>Recover…</Trans>
      </Button>
      <ButtonLink to={`/endpoints/${subscription.id}/edit`} icon={Pencil}>
        <Trans>Edit</Trans>
      </ButtonLink>
      <Menu
        label={t`More actions`}
        items={[
          subscription.enabled
            ? { text: t`Disable`, icon: Pause, onSelect: () => change.mutate(false) }
            : { text: t`Enable`, icon: Play, onSelect: () => change.mutate(true) },
          { text: t`Delete`, icon: Trash2, danger: true, onSelect: () => setShown('delete') },
        ]}
      />
      <TriggerDialog subscription={subscription} open={shown === 'trigger'} onClose={close} />
      <RecoverDialog subscription={subscription} open={shown === 'recover'} onClose={close} />
      <DeleteDialog subscription={subscription} open={shown === 'delete'} onClose={close} />
    </>
  );
}
