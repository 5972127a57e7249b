import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { Customer, Product } from '../../api/types';
import { Button } from '../../ui/button';
import { describeRetries } from '../../ui/time';
import { CustomerDialog } from '../customers/customer-dialog';
import { CustomerField } from '../shared/customer-field';

export function ChooseCustomer({
  product,
  customer,
  onChoose,
}: {
  product: Product;
  customer: Customer | undefined;
  onChoose(id: string): void;
}) {
  const [creating, setCreating] = useState(false);
  return (
    <div className="stack">
      <CustomerField
        value={customer?.id ?? ''}
        onChange={onChoose}
        placeholder={t`Name or ID`}
        offers={({ productId }) => productId === null || productId === product.id}
      />
      {customer && <p className="muted">{describeRetries(customer.retrySchedule)}</p>}
      <div className="row">
        <Button icon={Plus} variant={customer ? 'plain' : 'primary'} onClick={() => setCreating(true)}>
          <Trans>New customer</Trans>
        </Button>
      </div>
      {creating && (
        <CustomerDialog
          productId={product.id}
          onClose={() => setCreating(false)}
          onCreated={({ id }) => onChoose(id)}
        />
      )}
    </div>
  );
}
