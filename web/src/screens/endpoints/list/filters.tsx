import { t } from '@lingui/core/macro';
import { useChoices } from '../../../api/queries';
import { usePermissions } from '../../../api/session';
import type { Product } from '../../../api/types';
import { FilterBar, FilterSelect, SearchBox, useFilters } from '../../../ui/filters';
import { statusText } from '../../../ui/status-text';
import { CustomerFilter, TypeFilter } from '../../shared/entity-filters';
import { SegmentFilter } from '../../shared/segment-filter';

const STATUSES = ['enabled', 'disabled', 'out-of-order', 'awaiting-approval', 'unverified'].map((value) => ({
  value,
  text: statusText(value),
}));
const SORTS = [
  { value: '', text: t`Newest first` },
  { value: 'oldest', text: t`Oldest first` },
  { value: 'name', text: t`Name` },
  { value: 'customer', text: t`Customer` },
  { value: 'success-rate', text: t`Lowest success rate` },
  { value: '-success-rate', text: t`Highest success rate` },
  { value: '-p95', text: t`Slowest first (p95)` },
  { value: 'p95', text: t`Fastest first (p95)` },
];

/** The filters and the sort order, by the API's parameter names. */
export function useEndpointFilters() {
  const filters = useFilters('q', 'status', 'customerId', 'segment', 'productId', 'eventType', 'sort');
  // A sort order hides no rows, so it does not count as a filter.
  return {
    ...filters,
    clear: () => filters.set({ q: '', status: '', customerId: '', segment: '', productId: '', eventType: '' }),
    active: Object.values({ ...filters.values, sort: '' }).some(Boolean),
  };
}

export function EndpointFilters({
  filters: { values, set, count },
}: {
  filters: ReturnType<typeof useEndpointFilters>;
}) {
  const { isCustomer } = usePermissions();
  const products = useChoices<Product>('/v1/products', {}, !isCustomer);
  return (
    <FilterBar count={count}>
      <SearchBox
        label={t`Search endpoints`}
        placeholder={isCustomer ? t`Name, URL or ID` : t`Name, URL or customer`}
        value={values.q}
        onChange={(q) => set({ q })}
      />
      <FilterSelect label={t`Status`} value={values.status} onChange={(status) => set({ status })} options={STATUSES} />
      {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
      {!isCustomer && <SegmentFilter value={values.segment} onChange={(segment) => set({ segment })} />}
      {products.length > 1 && (
        <FilterSelect
          label={t`Product`}
          value={values.productId}
          onChange={(productId) => set({ productId })}
          options={products.map(({ id, name }) => ({ value: id, text: name }))}
        />
      )}
      <TypeFilter value={values.eventType} onChange={(eventType) => set({ eventType })} />
      <FilterSelect
        label={t`Sort by`}
        all={null}
        value={values.sort}
        onChange={(sort) => set({ sort })}
        options={SORTS}
      />
    </FilterBar>
  );
}
