import { t } from '@lingui/core/macro';
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
    done: t`Changes saved`,
    invalidate: ['/v1/products', '/v1/subscriptions'],
  });
  if (!administer) return null;
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        label={t`Actions for ${name}`}
        trigger={<Button small variant="ghost" icon={MoreHorizontal} label={t`Actions for ${name}`} />}
        items={[
          { text: enabled ? t`Disable…` : t`Enable…`, icon: Power, onSelect: () => setOpen('switch') },
          {
            text: requireVerification ? t`Stop requiring a challenge…` : t`Require a challenge…`,
            icon: ShieldCheck,
            onSelect: () => setOpen('verify'),
          },
          { text: t`Portal appearance…`, icon: Palette, onSelect: () => setOpen('portal') },
          { text: t`Edit…`, icon: Pencil, onSelect: () => setOpen('edit') },
        ]}
      />
      <Confirm
        open={open === 'switch'}
        onClose={close}
        title={`${enabled ? t`Disable` : t`Enable`} ${name}?`}
        action={enabled ? t`Disable product` : t`Enable product`}
        danger={enabled}
        onConfirm={() => change.mutateAsync({ enabled: !enabled })}
      >
        <p>
          {enabled
            ? t`New events will be rejected. Events already accepted will still be delivered.`
            : t`New events will be accepted.`}
        </p>
      </Confirm>
      <Confirm
        open={open === 'verify'}
        onClose={close}
        title={requireVerification ? t`Stop requiring a challenge?` : t`Require a challenge?`}
        action={requireVerification ? t`Stop requiring` : t`Require challenge`}
        danger={!requireVerification}
        onConfirm={() => change.mutateAsync({ requireVerification: !requireVerification })}
      >
        <p>
          {requireVerification
            ? t`Notifications held for unverified endpoints will be sent.`
            : t`Unverified endpoints receive nothing until they pass a challenge. Their notifications are held, not lost.`}
        </p>
      </Confirm>
      {open === 'portal' && <AppearanceDialog product={product} onClose={close} />}
      {open === 'edit' && <ProductDialog product={product} onClose={close} />}
    </>
  );
}
