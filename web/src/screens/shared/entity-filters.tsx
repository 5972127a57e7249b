import { useState } from 'react';
import { useRead } from '../../api/queries';
import type { Customer, EventType, Page, Subscription } from '../../api/types';
import { Combobox } from '../../ui/combobox';
import styles from './entity-filters.module.css';

const SUGGESTIONS = 20;
const STALE_TIME_MS = 30_000;

interface FilterProps {
  value: string;
  onChange(value: string): void;
}

export function CustomerFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<Customer>>('/v1/customers', { q, limit: SUGGESTIONS }, { staleTime: STALE_TIME_MS }).data;
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

export function TypeFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<EventType>>(
    '/v1/event-types',
    { q, limit: SUGGESTIONS },
    { staleTime: STALE_TIME_MS },
  ).data;
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

export function EndpointFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<Subscription>>(
    '/v1/subscriptions',
    { q, limit: SUGGESTIONS },
    { staleTime: STALE_TIME_MS },
  ).data;
  const chosen = useRead<Subscription>(
    `/v1/subscriptions/${value}`,
    {},
    { enabled: value !== '', retry: false, staleTime: STALE_TIME_MS, placeholderData: undefined },
  ).data;
  return (
    <div className={`filter-select ${styles.filter}`}>
      <Combobox
        label="Endpoint"
        placeholder="All"
        value={value}
        valueText={value === '' ? '' : chosen?.name}
        onChange={onChange}
        onSearch={setQ}
        options={(found?.items ?? []).map(({ id, name, customerId }) => ({ value: id, label: name, text: customerId }))}
      />
    </div>
  );
}
