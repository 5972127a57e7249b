import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/lists';
import type { SignpostEvent } from '../../api/types';
import { DataTable } from '../../ui/data-table';
import { useDrawer } from '../../ui/filters';
import { neighboursOf } from '../../ui/neighbours';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { eventColumns, webhookIdOf } from '../logs/events-tab';
import { EventDrawer } from '../logs/event-drawer';

const SHOWN = 10;

/** The newest events that name a customer. Each opens with who got it and who did not. */
export function RecentEvents({ customerId }: { customerId: string }) {
  const drawer = useDrawer('event');
  const list = useList<SignpostEvent>('/v1/events', { customerId, limit: SHOWN });
  const [columns] = useState(() => eventColumns(drawer.show).filter(({ header }) => header !== 'Customer'));
  return (
    <Card
      title={t`Recent events`}
      flush
      actions={
        <Link to={`/logs?tab=events&customerId=${encodeURIComponent(customerId)}`}>
          <Trans>All events</Trans>
        </Link>
      }
    >
      <DataTable
        label={t`Recent events`}
        list={{ ...list, hasNextPage: false }}
        columns={columns}
        rowId={webhookIdOf}
        onOpen={({ webhookId }) => drawer.show(webhookId)}
        empty={
          <Empty title={t`No events yet`}>
            <Trans>Producers send events with POST /v1/events.</Trans>
          </Empty>
        }
      />
      <EventDrawer id={drawer.id} onClose={drawer.close} neighbours={neighboursOf(list.rows, drawer, webhookIdOf)} />
    </Card>
  );
}
