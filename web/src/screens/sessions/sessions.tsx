import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { LogOut } from 'lucide-react';
import { useMemo } from 'react';
import { api, at } from '../../api/client';
import { useList } from '../../api/lists';
import { useAction } from '../../api/queries';
import { usePermissions, useSignOutEverywhere } from '../../api/session';
import type { BrowserSession } from '../../api/types';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
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
      <PageHead title={t`Sessions`} sub={t`Browsers that are signed in to Signpost.`}>
        <Confirm
          trigger={
            <Button icon={LogOut}>
              <Trans>Sign out everywhere</Trans>
            </Button>
          }
          title={t`Sign out everywhere?`}
          action={t`Sign out everywhere`}
          onConfirm={() => signOut.mutateAsync()}
        >
          <p>
            <Trans>All your sessions end within one second, this one too. API keys stay valid.</Trans>
          </p>
        </Confirm>
      </PageHead>
      {administer && (
        <FilterBar>
          <FilterSelect
            label={t`Sessions of`}
            value={values.of}
            all={t`Me`}
            options={[{ value: 'everyone', text: t`Everyone` }]}
            onChange={(of) => set({ of })}
          />
        </FilterBar>
      )}
      <Card flush>
        <DataTable
          label={t`Sessions`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={<Empty title={t`No sessions`} />}
        />
      </Card>
    </>
  );
}

function columnsOf(everyone: boolean): Column<BrowserSession>[] {
  const person: Column<BrowserSession> = {
    header: t`Who`,
    width: 180,
    narrow: 110,
    cell: (session) => (
      <>
        <span className="truncate">{session.principalName}</span>
        <div className="muted">{session.role}</div>
      </>
    ),
  };
  return [
    {
      header: t`Browser`,
      grow: true,
      cell: (session) => (
        <>
          <span className="row">
            <span className="truncate" title={session.userAgent}>
              {browserName(session.userAgent)}
            </span>
            {session.current && (
              <Badge tone="ok">
                <Trans>this session</Trans>
              </Badge>
            )}
          </span>
          <div className="muted truncate">
            {session.address}
            {session.method === 'oidc' && <> · {t`single sign-on`}</>}
          </div>
        </>
      ),
    },
    ...(everyone ? [person] : []),
    {
      header: t`Signed in`,
      roomy: true,
      width: 172,
      narrow: 104,
      cell: (session) => <TimeCell at={session.createdAt} />,
    },
    {
      header: t`Last used`,
      wide: true,
      width: 172,
      narrow: 104,
      cell: (session) => <TimeCell at={session.lastUsedAt} />,
    },
    {
      width: 100,
      cell: (session) => !session.current && <End session={session} />,
    },
  ];
}

function End({ session: { id, userAgent } }: { session: BrowserSession }) {
  const end = useAction(() => api.delete(at`/v1/sessions/${id}`), { done: t`Session ended`, invalidate: [PATH] });
  return (
    <Button
      small
      variant="ghost"
      icon={LogOut}
      label={t`End the session of ${browserName(userAgent)}`}
      busy={end.isPending}
      onClick={() => end.mutate()}
    >
      <Trans>End</Trans>
    </Button>
  );
}
