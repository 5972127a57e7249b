import { MoreHorizontal, Palette, Pencil, Power, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Product } from '../../api/types';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Menu } from '../../ui/menu';
import { AppearanceDialog } from './appearance-dialog';
import { ProductDialog } from './product-dialog';

/** An admin's actions for a product. */
export function ProductMenu({ product }: { product: Product }) {
  const { administer } = usePermissions();
  const { id, name, enabled, requireVerification } = product;
  const [open, setOpen] = useState<'switch' | 'verify' | 'portal' | 'edit' | null>(null);
  const change = useAction((changes: Partial<Product>) => api.patch(at`/v1/products/${id}`, changes), {
    done: 'Changes saved',
    invalidate: ['/v1/products', '/v1/subscriptions'],
  });
  if (!administer) return null;
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        label={`Actions for ${name}`}
        trigger={<Button small variant="ghost" icon={MoreHorizontal} label={`Actions for ${name}`} />}
        items={[
          { text: enabled ? 'Disable…' : 'Enable…', icon: Power, onSelect: () => setOpen('switch') },
          {
            text: requireVerification ? 'Stop requiring a challenge…' : 'Require a challenge…',
            icon: ShieldCheck,
            onSelect: () => setOpen('verify'),
          },
          { text: 'Portal appearance…', icon: Palette, onSelect: () => setOpen('portal') },
          { text: 'Edit…', icon: Pencil, onSelect: () => setOpen('edit') },
        ]}
      />
      <Confirm
        open={open === 'switch'}
        onClose={close}
        title={`${enabled ? 'Disable' : 'Enable'} ${name}?`}
        action={enabled ? 'Disable product' : 'Enable product'}
        danger={enabled}
        onConfirm={() => change.mutateAsync({ enabled: !enabled })}
      >
        <p>
          {enabled
            ? 'New events will be rejected. Events already accepted will still be delivered.'
            : 'New events will be accepted.'}
        </p>
      </Confirm>
      <Confirm
        open={open === 'verify'}
        onClose={close}
        title={requireVerification ? 'Stop requiring a challenge?' : 'Require a challenge?'}
        action={requireVerification ? 'Stop requiring' : 'Require challenge'}
        danger={!requireVerification}
        onConfirm={() => change.mutateAsync({ requireVerification: !requireVerification })}
      >
        <p>
          {requireVerification
            ? 'Notifications held for unverified endpoints will be sent.'
            : 'Unverified endpoints receive nothing until they pass a challenge. Their notifications are held, not lost.'}
        </p>
      </Confirm>
      {open === 'portal' && <AppearanceDialog product={product} onClose={close} />}
      {open === 'edit' && <ProductDialog product={product} onClose={close} />}
    </>
  );
}
