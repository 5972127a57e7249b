import { X } from 'lucide-react';
import { useState } from 'react';
import { useRead } from '../../api/queries';
import type { Customer, EventType, Page, Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { Combobox } from '../../ui/combobox';
import styles from './entity-filters.module.css';

const SUGGESTIONS = 20;
const FRESH_MS = 30_000;

interface FilterProps {
  value: string;
  onChange(value: string): void;
}

/** Narrows a list to one customer. */
export function CustomerFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<Customer>>('/v1/customers', { q, limit: SUGGESTIONS }, { staleTime: FRESH_MS }).data;
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

/** Narrows a list to one event type. */
export function TypeFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState('');
  const found = useRead<Page<EventType>>('/v1/event-types', { q, limit: SUGGESTIONS }, { staleTime: FRESH_MS }).data;
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

/** Says that a list is narrowed to one endpoint, as links from elsewhere do, and takes that back. */
export function EndpointFilter({ value, onChange }: FilterProps) {
  const found = useRead<Subscription>(`/v1/subscriptions/${value}`, {}, { enabled: value !== '', retry: false }).data;
  if (value === '') return null;
  return (
    <span className={styles.chosen}>
      Endpoint <strong className="wrap-anywhere">{found?.name ?? value}</strong>
      <Button look="ghost" small icon={X} label="Show those of all endpoints" onClick={() => onChange('')} />
    </span>
  );
}
