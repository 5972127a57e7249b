import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Suspense, useState, type ComponentProps } from 'react';
import { formatJson } from '../../api/exact-json';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { Notification } from '../../api/types';
import type { Column, Selection } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import type { useDrawer, useFilters } from '../../ui/filters';
import { neighboursOf } from '../../ui/neighbours';
import { Card } from '../../ui/page';
import { Opening } from '../../ui/opening';
import { lazyInBackground } from '../../ui/prefetch';
import { Empty, NoMatch } from '../../ui/states';
import { useStableRows } from '../shared/use-stable-rows';
import { BulkBar } from './bulk-bar';
import styles from './bulk-bar.module.css';
import { MatchingBar, SearchedBar, type ListFilters } from './matching-bar';
import { NotificationDrawer } from './notification-drawer';
import type { FILTERS } from './notification-filters';

const BulkRecovery = lazyInBackground(async () => ({
  default: (await import('../recoveries/bulk-recovery')).BulkRecovery,
}));

const NONE: Notification[] = [];
const REFRESH_MS = 3000;
const rowId = ({ id }: Notification) => id;

/**
 * The list of notifications with its selection. Apart from the filters, which need not be drawn
 * again whenever the list is read.
 */
export function NotificationList({
  filters,
  query,
  columns,
  drawer,
}: {
  filters: ReturnType<typeof useFilters<(typeof FILTERS)[number]>>;
  /** The filters by the API's parameter names. */
  query: ListFilters & { q: string; recoveryId: string; finishedSince: string };
  columns: Column<Notification>[];
  drawer: ReturnType<typeof useDrawer>;
}) {
  const { manageEndpoints } = usePermissions();
  const view = formatJson(filters.values);
  const list = useList<Notification>('/v1/notifications', { ...query }, { refetchMs: REFRESH_MS, view });
  const [selection, setSelection] = useState<Selection>({});
  const [recovery, setRecovery] = useState<Pick<ComponentProps<typeof BulkRecovery>, 'action' | 'filter'>>();
  const selected = list.rows.filter(({ id }) => selection[id]);
  // What a search finds is selected row by row: a recovery cannot filter by these.
  const searched = query.q !== '' || query.recoveryId !== '' || query.finishedSince !== '';
  const stable = useStableRows(list, { view, busy: selected.length > 0 || drawer.id !== null, rowId });
  const shown = stable.rows;
  const offersMatching = manageEndpoints && list.hasNextPage && selected.length > 0 && selected.length === shown.length;
  /** The filters all of whose notifications are selected, beyond the loaded ones. */
  const [matching, setMatching] = useState<string>();
  const allMatch = offersMatching && !searched && matching === view;
  if (matching !== undefined && !allMatch) setMatching(undefined);

  return (
    <>
      <div className={styles.bars}>
        {manageEndpoints && <BulkBar selected={allMatch ? NONE : selected} onDone={() => setSelection({})} />}
        {offersMatching && searched && <SearchedBar loaded={shown.length} />}
        {offersMatching && !searched && (
          <MatchingBar
            key={view}
            loaded={shown.length}
            filters={query}
            selected={allMatch}
            onSelect={() => setMatching(view)}
            onClear={() => setSelection({})}
            onStart={setRecovery}
          />
        )}
      </div>
      <Card flush>
        <DataTable
          label={t`Notifications`}
          list={stable}
          columns={columns}
          rowId={rowId}
          onOpen={({ id }) => drawer.show(id)}
          selection={manageEndpoints ? selection : undefined}
          onSelection={manageEndpoints ? setSelection : undefined}
          empty={
            filters.active ? (
              <NoMatch title={t`No notifications match these filters`} onClear={filters.clear} />
            ) : (
              <Empty title={t`No notifications yet`}>
                <Trans>Each event creates one notification per matching endpoint.</Trans>
              </Empty>
            )
          }
        />
      </Card>
      {/* Outside the bar: retried rows leave the list, and so the selection, while it runs. */}
      {recovery && (
        <Suspense fallback={<Opening onGiveUp={() => setRecovery(undefined)} />}>
          <BulkRecovery
            {...recovery}
            onClose={(done) => {
              setRecovery(undefined);
              if (done) setSelection({});
            }}
          />
        </Suspense>
      )}
      <NotificationDrawer id={drawer.id} onClose={drawer.close} neighbours={neighboursOf(shown, drawer, rowId)} />
    </>
  );
}
