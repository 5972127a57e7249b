import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { FlaskConical } from 'lucide-react';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { PlayInbox } from '../../api/types';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { answerText } from './answer-text';
import { NewInbox } from './inbox-dialog';

/** The inboxes of the test receiver. */
export function Play() {
  const can = usePermissions();
  const list = useList<PlayInbox>('/v1/play-inboxes');
  const columns = useMemo(() => columnsOf(can.isCustomer), [can.isCustomer]);
  return (
    <>
      <PageHead
        title={t`Play`}
        sub={t`Test receivers. An inbox captures requests, checks their signatures and answers as you say.`}
      >
        {can.manageEndpoints && <NewInbox />}
      </PageHead>
      <Card flush>
        <DataTable
          label={t`Inboxes`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={
            <Empty icon={FlaskConical} title={t`No inboxes yet`}>
              <Trans>An inbox has a URL that receives events like an endpoint of yours, before you have one.</Trans>
            </Empty>
          }
        />
      </Card>
    </>
  );
}

function columnsOf(isCustomer: boolean): Column<PlayInbox>[] {
  const customer: Column<PlayInbox> = {
    header: t`Customer`,
    width: 200,
    wide: true,
    cell: (inbox) => (
      <Link to={`/customers/${encodeURIComponent(inbox.customerId)}`} className="truncate">
        {inbox.customerId}
      </Link>
    ),
  };
  return [
    {
      header: t`Inbox`,
      grow: true,
      cell: (inbox) => (
        <>
          <Link to={`/play/${inbox.id}`} className="truncate">
            {inbox.name}
          </Link>
          <div className="muted truncate">{inbox.url}</div>
        </>
      ),
    },
    ...(isCustomer ? [] : [customer]),
    {
      header: t`Answers`,
      width: 160,
      narrow: 110,
      cell: (inbox) => answerText(inbox.answer),
    },
    {
      header: t`Created`,
      wide: true,
      width: 172,
      narrow: 104,
      cell: (inbox) => <TimeCell at={inbox.createdAt} />,
    },
  ];
}
