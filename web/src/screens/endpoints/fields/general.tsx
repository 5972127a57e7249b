import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useChoices } from '../../../api/queries';
import { usePermissions, useSession } from '../../../api/session';
import type { Product } from '../../../api/types';
import { SelectField, SwitchField, TextArea, TextField } from '../../../ui/form';
import { CustomerField } from '../../shared/customer-field';
import type { DraftProps } from '../shared/draft';
import { useCustomer } from '../../shared/use-customer';

/** Name, description and status; for a new endpoint also its customer and product. */
export function GeneralFields({ draft, set, existing }: DraftProps) {
  return (
    <>
      <TextField
        label={t`Name`}
        pointer="/name"
        hint={t`A name to tell this endpoint apart from the customer's others.`}
        placeholder={t`Order updates`}
        value={draft.name}
        onChange={(name) => set({ name })}
      />
      <TextArea
        label={t`Description`}
        pointer="/description"
        optional
        rows={2}
        value={draft.description}
        onChange={(description) => set({ description })}
      />
      {!existing && <OwnerFields draft={draft} set={set} />}
      <SwitchField
        label={t`Enabled`}
        hint={t`While the endpoint is disabled, notifications are held, not lost.`}
        checked={draft.enabled}
        onChange={(enabled) => set({ enabled })}
      />
    </>
  );
}

function OwnerFields({ draft, set }: DraftProps) {
  const { principal } = useSession();
  const { isCustomer } = usePermissions();
  const chosen = useCustomer(draft.customerId);
  const products = useChoices<Product>('/v1/products', {}, !isCustomer && principal.productId === null);
  const shared = chosen !== undefined && chosen.productId === null;
  return (
    <>
      {!isCustomer && (
        <CustomerField
          pointer="/customerId"
          hint={t`The customer to notify. Search by name or ID.`}
          placeholder={t`Search customers`}
          value={draft.customerId}
          onChange={(customerId) => set({ customerId, productId: principal.productId ?? '' })}
        />
      )}
      {shared && products.length > 0 && (
        <SelectField
          label={t`Product`}
          pointer="/productId"
          hint={t`All products share this customer. Choose whose events the endpoint receives. This cannot be changed later.`}
          value={draft.productId}
          onChange={(productId) => set({ productId })}
        >
          <option value="">
            <Trans>All products</Trans>
          </option>
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
