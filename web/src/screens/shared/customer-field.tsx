import { t } from '@lingui/core/macro';
import { useState } from 'react';
import type { Customer } from '../../api/types';
import { Combobox } from '../../ui/combobox';
import type { FieldProps } from '../../ui/form';
import { useCustomer } from './use-customer';
import { useSuggestions } from './use-suggestions';

/**
 * A field for a customer, found by name or ID.
 *
 * @param offers - whether a customer is among the suggestions
 */
export function CustomerField({
  value,
  offers = () => true,
  ...rest
}: Omit<FieldProps, 'label'> & {
  value: string;
  onChange(id: string): void;
  placeholder?: string;
  offers?(customer: Customer): boolean;
}) {
  const [q, setQ] = useState<string>();
  const found = useSuggestions<Customer>('/v1/customers', q);
  const name = useCustomer(value)?.name;
  return (
    <Combobox
      label={t`Customer`}
      {...rest}
      value={value}
      // The ID alone while the name is unknown.
      valueText={name === undefined || name === value ? value : `${name} (${value})`}
      onSearch={setQ}
      options={found.filter(offers).map(({ id, name: label }) => ({ value: id, label, text: id }))}
    />
  );
}
