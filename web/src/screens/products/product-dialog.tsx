import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Product } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SwitchField, TextField } from '../../ui/form';

/** Creates or edits a product. */
export function ProductDialog({
  product,
  onClose,
  onCreated,
}: {
  product?: Product;
  onClose(): void;
  onCreated?(created: Product): void;
}) {
  const [name, setName] = useState(product?.name ?? '');
  const [id, setId] = useState('');
  const [segment, setSegment] = useState(product?.segment ?? '');
  const [enabled, setEnabled] = useState(false);
  const settings = { name, segment: segment.trim() || null };
  const save = useAction(
    () =>
      product
        ? api.patch<Product>(at`/v1/products/${product.id}`, settings)
        : api.post<Product>('/v1/products', { ...settings, enabled, ...(id.trim() ? { id: id.trim() } : {}) }),
    { done: product ? t`Changes saved` : t`Product created`, invalidate: ['/v1/products'], quiet: true },
  );
  const submit = () =>
    save.mutate(undefined, {
      onSuccess: (created) => {
        onClose();
        onCreated?.(created);
      },
    });
  return (
    <Dialog open onClose={onClose} title={product ? t`Edit ${product.name}` : t`New product`}>
      <Form error={save.error} onSubmit={submit}>
        <TextField label={t`Name`} pointer="/name" value={name} onChange={setName} required />
        <TextField
          label={t`Segment`}
          optional
          pointer="/segment"
          value={segment}
          onChange={setSegment}
          placeholder={t`Payments and cash`}
          hint={t`Groups product lines. Lists filter by it, and credentials may be granted it.`}
        />
        {!product && (
          <>
            <TextField
              label={t`ID`}
              optional
              pointer="/id"
              value={id}
              onChange={setId}
              hint={t`Short, for example payments. Leave empty to generate one.`}
            />
            <SwitchField
              label={t`Enabled`}
              hint={t`While the product is disabled, its events are rejected.`}
              checked={enabled}
              onChange={setEnabled}
            />
          </>
        )}
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={name.trim() === ''}>
            {product ? t`Save` : t`Create`}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
