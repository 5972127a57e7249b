import type { ColumnDef } from '@tanstack/react-table';
import { LogOut } from 'lucide-react';
import { useMemo } from 'react';
import { api, at } from '../../api/client';
import { useAction, useList } from '../../api/queries';
import { usePermissions, useSignOutEverywhere } from '../../api/session';
import type { BrowserSession } from '../../api/types';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { FilterBar, FilterSelect, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { browserName } from './browser-name';

const PATH = '/v1/sessions';

/** Browsers that are signed in: one's own, and for an admin those of everyone. */
export function Sessions() {
  const { administer } = usePermissions();
  const { values, set } = useFilters('of');
  const list = useList<BrowserSession>(PATH, { of: values.of });
  const signOut = useSignOutEverywhere();
  const columns = useMemo(() => columnsOf(values.of === 'everyone'), [values.of]);
  return (
    <>
      <PageHead title="Sessions" sub="Browsers that are signed in to Signpost.">
        <Confirm
          trigger={<Button icon={LogOut}>Sign out everywhere</Button>}
          title="Sign out everywhere?"
          action="Sign out everywhere"
          onConfirm={() => signOut.mutateAsync()}
        >
          <p>All your sessions end within one second, this one too. API keys stay valid.</p>
        </Confirm>
      </PageHead>
      {administer && (
        <FilterBar>
          <FilterSelect
            label="Sessions of"
            value={values.of}
            all="Me"
            options={[{ value: 'everyone', text: 'Everyone' }]}
            onChange={(of) => set({ of })}
          />
        </FilterBar>
      )}
      <Card flush>
        <DataTable
          label="Sessions"
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={<Empty title="No sessions" />}
        />
      </Card>
    </>
  );
}

function columnsOf(everyone: boolean): ColumnDef<BrowserSession>[] {
  const person: ColumnDef<BrowserSession> = {
    header: 'Who',
    meta: { width: 180, narrow: 110 },
    cell: ({ row: { original } }) => (
      <>
        <span className="truncate">{original.principalName}</span>
        <div className="muted">{original.role}</div>
      </>
    ),
  };
  return [
    {
      header: 'Browser',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <>
          <span className="row">
            <span className="truncate" title={original.userAgent}>
              {browserName(original.userAgent)}
            </span>
            {original.current && <Badge tone="ok">this session</Badge>}
          </span>
          <div className="muted truncate">
            {original.address}
            {original.method === 'oidc' && ' · single sign-on'}
          </div>
        </>
      ),
    },
    ...(everyone ? [person] : []),
    {
      header: 'Signed in',
      meta: { roomy: true, width: 172, narrow: 104 },
      cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
    },
    {
      header: 'Last used',
      meta: { wide: true, width: 172, narrow: 104 },
      cell: ({ row: { original } }) => <TimeCell at={original.lastUsedAt} />,
    },
    {
      id: 'end',
      header: () => <span className="sr-only">Actions</span>,
      meta: { width: 100 },
      cell: ({ row: { original } }) => !original.current && <End session={original} />,
    },
  ];
}

function End({ session: { id, userAgent } }: { session: BrowserSession }) {
  const end = useAction(() => api.delete(at`/v1/sessions/${id}`), { done: 'Session ended', invalidate: [PATH] });
  return (
    <Button
      small
      variant="ghost"
      icon={LogOut}
      label={`End the session of ${browserName(userAgent)}`}
      busy={end.isPending}
      onClick={() => end.mutate()}
    >
      End
    </Button>
  );
}
