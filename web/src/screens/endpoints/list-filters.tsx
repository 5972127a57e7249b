import { useState } from 'react';
import { useChoices, useRead } from '../../api/queries';
import { useMay } from '../../api/session';
import type { Customer, EventType, Page, Product } from '../../api/types';
import { Combobox } from '../../ui/combobox';
import { FilterBar, FilterSelect, SearchBox, useFilters } from '../../ui/filters';
import styles from './endpoints.module.css';

const STATUSES = [
  'enabled',
  'disabled',
  { value: 'out-of-order', text: 'out of order' },
  { value: 'awaiting-approval', text: 'awaiting approval' },
  'unverified',
];
const SORTS = [
  { value: '', text: 'Newest first' },
  { value: 'oldest', text: 'Oldest first' },
  { value: 'name', text: 'Name' },
  { value: 'customer', text: 'Customer' },
];
const SUGGESTIONS = 20;

/** The list's filters and its order, by the names that the API has for them. */
export function useEndpointFilters() {
  const filters = useFilters('q', 'status', 'customerId', 'productId', 'eventType', 'sort');
  // An order hides nothing.
  return { ...filters, active: Object.values({ ...filters.values, sort: '' }).some(Boolean) };
}

/** The line of filters over the list of endpoints. */
export function EndpointFilters({ filters: { values, set } }: { filters: ReturnType<typeof useEndpointFilters> }) {
  const { isCustomer } = useMay();
  const products = useChoices<Product>('/v1/products', {}, !isCustomer);
  return (
    <FilterBar>
      <SearchBox
        label="Search endpoints"
        placeholder={isCustomer ? 'Name, URL or id' : 'Name, URL, customer or id'}
        value={values.q}
        onChange={(q) => set({ q })}
      />
      <FilterSelect label="Status" value={values.status} onChange={(status) => set({ status })} options={STATUSES} />
      {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
      {products.length > 1 && (
        <FilterSelect
          label="Product"
          value={values.productId}
          onChange={(productId) => set({ productId })}
          options={products.map(({ id, name }) => ({ value: id, text: name }))}
        />
      )}
      <TypeFilter value={values.eventType} onChange={(eventType) => set({ eventType })} />
      <FilterSelect label="Order" all={null} value={values.sort} onChange={(sort) => set({ sort })} options={SORTS} />
    </FilterBar>
  );
}

interface FilterProps {
  value: string;
  onChange(value: string): void;
}

function CustomerFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<Customer>>('/v1/customers', { q, limit: SUGGESTIONS }, { staleTime: 30_000 }).data;
  return (
    <div className={`filter-select ${styles.filter}`}>
      <Combobox
        label="Customer"
        placeholder="All"
        value={value}
        onChange={onChange}
        onSearch={setQ}
        options={(found?.items ?? []).map(({ id, name }) => ({ value: id, text: name }))}
      />
    </div>
  );
}

function TypeFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<EventType>>('/v1/event-types', { q, limit: SUGGESTIONS }, { staleTime: 30_000 }).data;
  return (
    <div className={`filter-select ${styles.filter}`}>
      <Combobox
        label="Event type"
        placeholder="All"
        value={value}
        onChange={onChange}
        onSearch={setQ}
        options={(found?.items ?? []).map(({ name }) => ({ value: name }))}
      />
    </div>
  );
}
