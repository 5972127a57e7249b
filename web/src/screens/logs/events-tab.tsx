import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { formatJson } from '../../api/exact-json';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { SignpostEvent } from '../../api/types';
import { ListTools } from '../../lists/list-tools';
import { useColumns } from '../../lists/use-columns';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { FilterBar, useDrawer, useFilters } from '../../ui/filters';
import { neighboursOf } from '../../ui/neighbours';
import { Card } from '../../ui/page';
import { Empty, NoMatch } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { CustomerFilter, TypeFilter } from '../shared/entity-filters';
import { IdSearchBox } from '../shared/id-search-box';
import { PeriodFilter, usePeriod } from '../shared/period-filter';
import { useStableRows } from '../shared/use-stable-rows';
import styles from './columns.module.css';
import { EventDrawer } from './event-drawer';

const REFRESH_MS = 3000;
/** Of an exported file. */
const FIELDS = [
  'id',
  'webhookId',
  'productId',
  'type',
  'customerId',
  'channels',
  'timestamp',
  'acceptedAt',
  'data',
] as const satisfies (keyof SignpostEvent)[];

export function EventsTab() {
  const { isCustomer } = usePermissions();
  const { values, set, clear, active, count } = useFilters('q', 'type', 'customerId', 'period', 'since', 'until');
  const drawer = useDrawer('event');
  const period = usePeriod(values);
  const query = { q: values.q, type: values.type, customerId: values.customerId, ...period };
  const view = formatJson(values);
  const list = useStableRows(
    useList<SignpostEvent>('/v1/events', query, { refetchMs: REFRESH_MS, rowId: webhookIdOf, view }),
    { view, busy: drawer.id !== null, rowId: webhookIdOf },
  );
  const [all] = useState(() => eventColumns(drawer.show));
  const { columns, choice } = useColumns('events', all);
  return (
    <>
      <FilterBar count={count}>
        <IdSearchBox
          label={t`Search events`}
          placeholder={t`Event ID, or a value as in id:A-17`}
          value={values.q}
          onChange={(q) => set({ q })}
        />
        <TypeFilter value={values.type} onChange={(type) => set({ type })} />
        {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
        <PeriodFilter value={values} onChange={set} />
        <ListTools list="events" columns={choice} source={{ path: '/v1/events', query, fields: FIELDS }} />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Events`}
          list={list}
          columns={columns}
          rowId={webhookIdOf}
          onOpen={({ webhookId }) => drawer.show(webhookId)}
          empty={
            active ? (
              <NoMatch title={t`No events match these filters`} onClear={clear}>
                {values.q &&
                  t`Search finds IDs, and the values of the search keys that an event type declares in the catalog.`}
              </NoMatch>
            ) : (
              <Empty title={t`No events yet`}>
                <Trans>Producers send events with POST /v1/events.</Trans>
              </Empty>
            )
          }
        />
      </Card>
      <EventDrawer id={drawer.id} onClose={drawer.close} neighbours={neighboursOf(list.rows, drawer, webhookIdOf)} />
    </>
  );
}

/** The id that is unique among the products: they may use the same `id`. */
export const webhookIdOf = ({ webhookId }: SignpostEvent) => webhookId;

export function eventColumns(onOpen: (id: string) => void): Column<SignpostEvent>[] {
  return [
    {
      header: t`Event`,
      grow: true,
      cell: (event) => (
        <div className={styles.named}>
          <button type="button" className="link-button truncate" onClick={() => onOpen(event.webhookId)}>
            {event.type}
          </button>
          <span className="muted truncate">{event.id}</span>
        </div>
      ),
    },
    {
      header: t`Customer`,
      wide: true,
      width: 180,
      cell: (event) =>
        event.customerId ?? (
          <span className="muted">
            <Trans>all customers of the product</Trans>
          </span>
        ),
    },
    {
      header: t`Channels`,
      wide: true,
      width: 150,
      cell: (event) => event.channels.join(', '),
    },
    {
      header: t`Accepted`,
      width: 172,
      narrow: 104,
      cell: (event) => <TimeCell at={event.acceptedAt} />,
    },
  ];
}
