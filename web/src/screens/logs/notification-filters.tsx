import { usePermissions } from '../../api/session';
import { FilterBar, SearchBox, type useFilters } from '../../ui/filters';
import { CustomerFilter, EndpointFilter, TypeFilter } from '../shared/entity-filters';
import { PeriodFilter } from '../shared/period-filter';
import { StatusFilter } from './status-filter';

export const FILTERS = ['q', 'status', 'type', 'customerId', 'subscriptionId', 'period', 'since', 'until'] as const;
type Name = (typeof FILTERS)[number];
export const NO_FILTER = Object.fromEntries(FILTERS.map((name) => [name, ''])) as Record<Name, string>;

export function NotificationFilters({ filters: { values, set } }: { filters: ReturnType<typeof useFilters<Name>> }) {
  const { isCustomer } = usePermissions();
  return (
    <FilterBar>
      <SearchBox
        label="Search notifications"
        placeholder="Notification or event ID"
        value={values.q}
        onChange={(q) => set({ q })}
      />
      <TypeFilter value={values.type} onChange={(type) => set({ type })} />
      {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
      <PeriodFilter value={values} onChange={set} />
      <EndpointFilter value={values.subscriptionId} onChange={(subscriptionId) => set({ subscriptionId })} />
      <StatusFilter value={values.status} onChange={(status) => set({ status })} />
    </FilterBar>
  );
}
