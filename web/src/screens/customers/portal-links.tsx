import { Ban } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction, useList } from '../../api/queries';
import { useMay } from '../../api/session';
import type { PortalSession } from '../../api/types';
import { Button } from '../../ui/button';
import { Id } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { Time } from '../../ui/time';

const PATH = '/v1/portal-sessions';

/** The links into a customer's portal that are still good. */
export function PortalLinks({ customerId }: { customerId: string }) {
  const { write } = useMay();
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
          { header: 'Made', meta: { wide: true }, cell: ({ row: { original } }) => <Time at={original.createdAt} /> },
          { header: 'Made by', meta: { wide: true }, cell: ({ row: { original } }) => original.createdBy },
          { header: 'Opens until', cell: ({ row: { original } }) => <Time at={original.expiresAt} /> },
          {
            id: 'end',
            header: () => <span className="sr-only">Actions</span>,
            cell: ({ row: { original } }) => write && <End session={original} />,
          },
        ]}
        empty={<Empty title="No link is open">Make one with Open portal…</Empty>}
      />
    </Card>
  );
}

function End({ session: { id } }: { session: PortalSession }) {
  const end = useAction(() => api.delete(at`/v1/portal-sessions/${id}`), { done: 'It is ended.', invalidate: [PATH] });
  return (
    <Confirm
      trigger={
        <Button small look="ghost" icon={Ban} label={`End ${id}`}>
          End
        </Button>
      }
      title="End this portal session?"
      action="End it"
      onConfirm={() => end.mutateAsync()}
    >
      <p>The link opens nothing any more, and whoever is in the portal by it is signed out within a second.</p>
    </Confirm>
  );
}
