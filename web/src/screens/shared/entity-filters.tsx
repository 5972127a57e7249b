import { t } from '@lingui/core/macro';
import { useState } from 'react';
import type { EventType, Subscription } from '../../api/types';
import { Combobox } from '../../ui/combobox';
import { CustomerField } from './customer-field';
import styles from './entity-filters.module.css';
import { useNamedEndpoint } from './endpoint-name';
import { useSuggestions } from './use-suggestions';

interface FilterProps {
  value: string;
  onChange(value: string): void;
}

export function CustomerFilter(props: FilterProps) {
  return (
    <div className={`filter-select ${styles.filter}`}>
      <CustomerField placeholder={t`All`} {...props} />
    </div>
  );
}

export function TypeFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState<string>();
  const found = useSuggestions<EventType>('/v1/event-types', q);
  return (
    <div className={`filter-select ${styles.filter}`}>
      <Combobox
        label={t`Event type`}
        placeholder={t`All`}
        value={value}
        onChange={onChange}
        onSearch={setQ}
        options={found.map(({ name }) => ({ value: name }))}
      />
    </div>
  );
}

export function EndpointFilter({ value, onChange }: FilterProps) {
  const [q, setQ] = useState<string>();
  const found = useSuggestions<Subscription>('/v1/subscriptions', q);
  const chosen = useNamedEndpoint(value);
  return (
    <div className={`filter-select ${styles.filter}`}>
      <Combobox
        label={t`Endpoint`}
        placeholder={t`All`}
        value={value}
        valueText={value === '' ? '' : chosen?.name}
        onChange={onChange}
        onSearch={setQ}
        options={found.map(({ id, name, customerId }) => ({ value: id, label: name, text: customerId }))}
      />
    </div>
  );
}
