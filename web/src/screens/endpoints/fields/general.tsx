import { useState } from 'react';
import { useChoices, useRead } from '../../../api/queries';
import { usePermissions, useSession } from '../../../api/session';
import type { Customer, Page, Product } from '../../../api/types';
import { Combobox } from '../../../ui/combobox';
import { SelectField, SwitchField, TextArea, TextField } from '../../../ui/form';
import type { DraftProps } from '../shared/draft';
import { useCustomer } from '../shared/use-types';

const SUGGESTIONS = 20;

/** Name, description and status; for a new endpoint also its customer and product. */
export function GeneralFields({ draft, set, existing }: DraftProps) {
  return (
    <>
      <TextField
        label="Name"
        pointer="/name"
        hint="A name to tell this endpoint apart from the customer's others."
        placeholder="Order updates"
        value={draft.name}
        onChange={(name) => set({ name })}
      />
      <TextArea
        label="Description"
        pointer="/description"
        optional
        rows={2}
        value={draft.description}
        onChange={(description) => set({ description })}
      />
      {!existing && <OwnerFields draft={draft} set={set} />}
      <SwitchField
        label="Enabled"
        hint="While the endpoint is disabled, notifications are held, not lost."
        checked={draft.enabled}
        onChange={(enabled) => set({ enabled })}
      />
    </>
  );
}

function OwnerFields({ draft, set }: DraftProps) {
  const { principal } = useSession();
  const { isCustomer } = usePermissions();
  const [q, setQ] = useState('');
  const customers = useRead<Page<Customer>>(
    '/v1/customers',
    { q, limit: SUGGESTIONS },
    { enabled: !isCustomer, staleTime: 30_000 },
  );
  const chosen = useCustomer(draft.customerId);
  const products = useChoices<Product>('/v1/products', {}, !isCustomer && principal.productId === null);
  const shared = chosen !== undefined && chosen.productId === null;
  return (
    <>
      {!isCustomer && (
        <Combobox
          label="Customer"
          pointer="/customerId"
          hint={chosen ? chosen.name : 'The customer to notify. Search by name or ID.'}
          placeholder="Search customers"
          value={draft.customerId}
          options={(customers.data?.items ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          onSearch={setQ}
          onChange={(customerId) => set({ customerId, productId: principal.productId ?? '' })}
        />
      )}
      {shared && products.length > 0 && (
        <SelectField
          label="Product"
          pointer="/productId"
          hint="All products share this customer. Choose whose events the endpoint receives. This cannot be changed later."
          value={draft.productId}
          onChange={(productId) => set({ productId })}
        >
          <option value="">All products</option>
          {products.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
    </>
  );
}
