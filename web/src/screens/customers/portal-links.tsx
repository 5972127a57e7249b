import { Ban } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction, useList } from '../../api/queries';
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
    <Card title="Portal links" flush>
      <DataTable
        label="Portal links"
        list={list}
        rowId={(session) => session.id}
        columns={[
          {
            header: 'Session',
            meta: { grow: true },
            cell: ({ row: { original } }) => <Id id={original.id} />,
          },
          {
            header: 'Created',
            meta: { wide: true, width: 172, narrow: 104 },
            cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
          },
          {
            header: 'Created by',
            meta: { wide: true, width: 170 },
            cell: ({ row: { original } }) => original.createdBy,
          },
          {
            header: 'Expires',
            meta: { width: 172, narrow: 104 },
            cell: ({ row: { original } }) => <TimeCell at={original.expiresAt} />,
          },
          {
            id: 'end',
            header: () => <span className="sr-only">Actions</span>,
            meta: { width: 100 },
            cell: ({ row: { original } }) => write && <End session={original} />,
          },
        ]}
        empty={<Empty title="No active portal links">Create one with “Create portal link…”.</Empty>}
      />
    </Card>
  );
}

function End({ session: { id } }: { session: PortalSession }) {
  const end = useAction(() => api.delete(at`/v1/portal-sessions/${id}`), {
    done: 'Portal session ended',
    invalidate: [PATH],
  });
  return (
    <Confirm
      trigger={
        <Button small variant="ghost" icon={Ban} label={`End ${id}`}>
          End
        </Button>
      }
      title="End this portal session?"
      action="End session"
      onConfirm={() => end.mutateAsync()}
    >
      <p>The link stops working, and anyone who used it is signed out within one second.</p>
    </Confirm>
  );
}
