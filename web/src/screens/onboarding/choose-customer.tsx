import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useRead } from '../../api/queries';
import type { Customer, Page, Product } from '../../api/types';
import { Button } from '../../ui/button';
import { Combobox } from '../../ui/combobox';
import { describeRetries } from '../../ui/time';
import { CustomerDialog } from '../customers/customer-dialog';

export function ChooseCustomer({
  product,
  customer,
  onChoose,
}: {
  product: Product;
  customer: Customer | undefined;
  onChoose(id: string): void;
}) {
  const [q, setQ] = useState('');
  const [creating, setCreating] = useState(false);
  const found = useRead<Page<Customer>>('/v1/customers', { q, limit: 20 }).data?.items ?? [];
  const reachable = found.filter(({ productId }) => productId === null || productId === product.id);
  return (
    <div className="stack">
      <Combobox
        label="Customer"
        value={customer?.id ?? ''}
        onChange={onChoose}
        onSearch={setQ}
        placeholder="Name or ID"
        options={reachable.map(({ id, name }) => ({ value: id, text: name }))}
      />
      {customer && <p className="muted">{describeRetries(customer.retrySchedule)}</p>}
      <div className="row">
        <Button icon={Plus} variant={customer ? 'plain' : 'primary'} onClick={() => setCreating(true)}>
          New customer
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
