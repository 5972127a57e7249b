import { t } from '@lingui/core/macro';
import type { ReactNode } from 'react';
import { usePermissions } from '../../api/session';
import { FilterBar, FilterChip, type useFilters } from '../../ui/filters';
import { exactTime, useZone } from '../../ui/zone';
import { CustomerFilter, EndpointFilter, TypeFilter } from '../shared/entity-filters';
import { IdSearchBox } from '../shared/id-search-box';
import { PeriodFilter } from '../shared/period-filter';
import { StatusFilter } from './status-filter';

export const FILTERS = [
  'q',
  'recoveryId',
  'status',
  'type',
  'customerId',
  'subscriptionId',
  'period',
  'since',
  'until',
  'finishedSince',
] as const;
type Name = (typeof FILTERS)[number];

export function NotificationFilters({
  filters: { values, set, count },
  children,
}: {
  filters: ReturnType<typeof useFilters<Name>>;
  children: ReactNode;
}) {
  const { isCustomer } = usePermissions();
  useZone();
  return (
    <FilterBar count={count}>
      <IdSearchBox
        label={t`Search notifications`}
        placeholder={t`ID, or a value as in id:A-17`}
        value={values.q}
        onChange={(q) => set({ q })}
      />
      <TypeFilter value={values.type} onChange={(type) => set({ type })} />
      {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
      <PeriodFilter value={values} onChange={set} />
      {values.finishedSince && (
        <FilterChip
          text={t`Finished since ${exactTime(values.finishedSince)}`}
          onRemove={() => set({ finishedSince: '' })}
        />
      )}
      <EndpointFilter value={values.subscriptionId} onChange={(subscriptionId) => set({ subscriptionId })} />
      {values.recoveryId && <FilterChip text={t`Of one recovery`} onRemove={() => set({ recoveryId: '' })} />}
      <StatusFilter value={values.status} onChange={(status) => set({ status })} />
      {children}
    </FilterBar>
  );
}
