import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { RotateCcw } from 'lucide-react';
import { useMemo, useState } from 'react';
import { formatJson } from '../../api/exact-json';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { Recovery } from '../../api/types';
import { ListTools } from '../../lists/list-tools';
import { useColumns } from '../../lists/use-columns';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { FilterBar, FilterSelect, useDrawer, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty, NoMatch } from '../../ui/states';
import { statusText } from '../../ui/status-text';
import { EndpointFilter } from '../shared/entity-filters';
import { useStableRows } from '../shared/use-stable-rows';
import { recoveryColumns } from './columns';
import { RecoveryDrawer } from './recovery-drawer';
import { StartRecovery } from './start';

/** Of an exported file. */
const FIELDS = [
  'id',
  'subscriptionId',
  'action',
  'filter',
  'status',
  'since',
  'until',
  'ratePerSecond',
  'total',
  'retried',
  'skipped',
  'createdAt',
  'finishedAt',
] as const satisfies (keyof Recovery)[];
const rowId = ({ id }: Recovery) => id;
const RUNNING_REFRESH_MS = 1500;
const IDLE_REFRESH_MS = 10_000;
const STATUSES: readonly Recovery['status'][] = ['running', 'completed', 'cancelled', 'failed'];

export function Recoveries() {
  const { manageEndpoints } = usePermissions();
  const { values, set, clear, active } = useFilters('status', 'subscriptionId');
  const drawer = useDrawer('open');
  const [running, setRunning] = useState(false);
  const refetchMs = running ? RUNNING_REFRESH_MS : IDLE_REFRESH_MS;
  const list = useStableRows(useList<Recovery>('/v1/recoveries', values, { refetchMs }), {
    view: formatJson(values),
    busy: false,
    rowId,
  });
  const runs = list.rows.some(({ status }) => status === 'running');
  if (runs !== running) setRunning(runs);
  const [starting, setStarting] = useState(false);
  const all = useMemo(() => recoveryColumns(manageEndpoints, drawer.show), [manageEndpoints, drawer.show]);
  const { columns, choice } = useColumns('recoveries', all);
  const start = manageEndpoints && (
    <Button variant="primary" icon={RotateCcw} onClick={() => setStarting(true)}>
      <Trans>Start recovery</Trans>
    </Button>
  );
  return (
    <>
      <PageHead
        title={t`Recoveries`}
        sub={t`Resend everything that failed for an endpoint or a customer, at a rate the receivers can handle.`}
      >
        {start}
      </PageHead>
      <FilterBar>
        <FilterSelect
          label={t`Status`}
          value={values.status}
          onChange={(status) => set({ status })}
          options={STATUSES.map((value) => ({ value, text: statusText(value) }))}
        />
        <EndpointFilter value={values.subscriptionId} onChange={(subscriptionId) => set({ subscriptionId })} />
        <ListTools
          list="recoveries"
          columns={choice}
          source={{ path: '/v1/recoveries', query: values, fields: FIELDS }}
        />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Recoveries`}
          list={list}
          columns={columns}
          rowId={rowId}
          onOpen={({ id }) => drawer.show(id)}
          empty={
            active ? (
              <NoMatch title={t`No recoveries match these filters`} onClear={clear} />
            ) : (
              <Empty icon={RotateCcw} title={t`No recoveries yet`}>
                <Trans>After a receiver outage, a recovery resends everything that failed in the meantime.</Trans>
              </Empty>
            )
          }
        />
      </Card>
      <RecoveryDrawer id={drawer.id} onClose={drawer.close} />
      <StartRecovery open={starting} onClose={() => setStarting(false)} />
    </>
  );
}
