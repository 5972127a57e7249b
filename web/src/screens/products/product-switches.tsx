import { MoreHorizontal, Pencil, Power, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import { useMay } from '../../api/session';
import type { Product } from '../../api/types';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Menu } from '../../ui/menu';
import { ProductDialog } from './product-dialog';

/** What an admin can do with a product. */
export function ProductSwitches({ product }: { product: Product }) {
  const { administer } = useMay();
  const { id, name, enabled, requireVerification } = product;
  const [open, setOpen] = useState<'switch' | 'verify' | 'edit' | null>(null);
  const change = useAction((changes: Partial<Product>) => api.patch(at`/v1/products/${id}`, changes), {
    done: 'The product is changed.',
    invalidate: ['/v1/products', '/v1/subscriptions'],
  });
  if (!administer) return null;
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        label={`Actions for ${name}`}
        trigger={<Button small look="ghost" icon={MoreHorizontal} label={`Actions for ${name}`} />}
        items={[
          { text: enabled ? 'Disable…' : 'Enable…', icon: Power, onSelect: () => setOpen('switch') },
          {
            text: requireVerification ? 'Ask for no challenge…' : 'Ask for a challenge…',
            icon: ShieldCheck,
            onSelect: () => setOpen('verify'),
          },
          { text: 'Rename…', icon: Pencil, onSelect: () => setOpen('edit') },
        ]}
      />
      <Confirm
        open={open === 'switch'}
        onClose={close}
        title={`${enabled ? 'Disable' : 'Enable'} ${name}?`}
        action={enabled ? 'Disable it' : 'Enable it'}
        danger={enabled}
        onConfirm={() => change.mutateAsync({ enabled: !enabled })}
      >
        <p>
          {enabled
            ? 'Its events are refused from then on. What was accepted is still delivered.'
            : 'Its events are accepted from then on.'}
        </p>
      </Confirm>
      <Confirm
        open={open === 'verify'}
        onClose={close}
        title={requireVerification ? 'Ask for no challenge?' : 'Ask for a challenge?'}
        action={requireVerification ? 'Ask for none' : 'Ask for it'}
        danger={!requireVerification}
        onConfirm={() => change.mutateAsync({ requireVerification: !requireVerification })}
      >
        <p>
          {requireVerification
            ? 'What is held for endpoints that have not passed theirs goes out.'
            : 'Endpoints that have not passed their challenge get nothing until they do; notifications are held, not lost.'}
        </p>
      </Confirm>
      {open === 'edit' && <ProductDialog product={product} onClose={close} />}
    </>
  );
}
