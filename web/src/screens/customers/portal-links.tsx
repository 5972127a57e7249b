import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Ban } from 'lucide-react';
import { api, at } from '../../api/client';
import { useList } from '../../api/lists';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { PortalSession } from '../../api/types';
import { Button } from '../../ui/button';
import { Id } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { TimeCell } from '../../ui/time';

const PATH = '/v1/portal-sessions';

/** A customer's portal links that have not expired. */
export function PortalLinks({ customerId }: { customerId: string }) {
  const { write } = usePermissions();
  const list = useList<PortalSession>(PATH, { customerId });
  return (
    <Card title={t`Portal links`} flush>
      <DataTable
        label={t`Portal links`}
        list={list}
        rowId={(session) => session.id}
        columns={[
          {
            header: t`Session`,
            grow: true,
            cell: (session) => <Id id={session.id} />,
          },
          {
            header: t`Created`,
            wide: true,
            width: 172,
            narrow: 104,
            cell: (session) => <TimeCell at={session.createdAt} />,
          },
          {
            header: t`Created by`,
            wide: true,
            width: 170,
            cell: (session) => session.createdBy,
          },
          {
            header: t`Expires`,
            width: 172,
            narrow: 104,
            cell: (session) => <TimeCell at={session.expiresAt} />,
          },
          {
            width: 100,
            cell: (session) => write && <End session={session} />,
          },
        ]}
        empty={
          <Empty title={t`No active portal links`}>
            <Trans>Create one with “Create portal link…”.</Trans>
          </Empty>
        }
      />
    </Card>
  );
}

function End({ session: { id } }: { session: PortalSession }) {
  const end = useAction(() => api.delete(at`/v1/portal-sessions/${id}`), {
    done: t`Portal session ended`,
    invalidate: [PATH],
  });
  return (
    <Confirm
      trigger={
        <Button small variant="ghost" icon={Ban} label={t`End ${id}`}>
          <Trans>End</Trans>
        </Button>
      }
      title={t`End this portal session?`}
      action={t`End session`}
      onConfirm={() => end.mutateAsync()}
    >
      <p>
        <Trans>The link stops working, and anyone who used it is signed out within one second.</Trans>
      </p>
    </Confirm>
  );
}
