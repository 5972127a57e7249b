import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus, Power } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Product } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { SelectField } from '../../ui/form';
import { ProductDialog } from '../products/product-dialog';
import { useProducts } from '../shared/use-products';

/** Chooses or creates a product. Only an admin can enable it. */
export function ChooseProduct({ product, onChoose }: { product: Product | undefined; onChoose(id: string): void }) {
  const { administer } = usePermissions();
  const products = useProducts();
  const [creating, setCreating] = useState(false);
  const enable = useAction((id: string) => api.patch(at`/v1/products/${id}`, { enabled: true }), {
    done: t`Product enabled`,
    invalidate: ['/v1/products'],
  });
  return (
    <div className="stack">
      <SelectField label={t`Product`} value={product?.id ?? ''} onChange={onChoose}>
        <option value="">
          <Trans>Choose…</Trans>
        </option>
        {products.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <div className="row">
        {product && <StatusBadge status={product.enabled ? 'enabled' : 'disabled'} />}
        {product &&
          !product.enabled &&
          (administer ? (
            <Button variant="primary" icon={Power} busy={enable.isPending} onClick={() => enable.mutate(product.id)}>
              <Trans>Enable product</Trans>
            </Button>
          ) : (
            <span className="muted">
              <Trans>An admin must enable this product. Until then, its events are rejected.</Trans>
            </span>
          ))}
        {administer && (
          <Button icon={Plus} onClick={() => setCreating(true)}>
            <Trans>New product</Trans>
          </Button>
        )}
      </div>
      {creating && <ProductDialog onClose={() => setCreating(false)} onCreated={({ id }) => onChoose(id)} />}
    </div>
  );
}
