import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import { useSession } from '../../api/session';
import type { Role } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField, TextField } from '../../ui/form';
import { CustomerField } from '../shared/customer-field';
import { KINDS, usageOf, type Credential, type Kind } from './kinds';
import { segmentsOf, useProducts } from '../shared/use-products';

/** A title, which a select shows in full on a phone, and what the role may do. */
const ROLES: Record<Role, { title: string; about: string }> = {
  product: {
    title: t`product`,
    about: t`Posts events, and manages the product's event types, customers and endpoints.`,
  },
  producer: { title: t`producer`, about: t`Posts the product's events, and nothing else.` },
  viewer: { title: t`viewer`, about: t`Read-only access.` },
  customer: { title: t`customer`, about: t`Manages one customer's endpoints and notifications.` },
  admin: { title: t`admin`, about: t`Full access.` },
};

/** Creates a credential and shows its secret, which the API returns only once. */
export function CredentialDialog({ kind, onClose }: { kind: Kind; onClose(): void }) {
  const { publicUrl } = useSession();
  const { one, path } = KINDS[kind];
  const products = useProducts();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('product');
  const [productId, setProductId] = useState('');
  const [segment, setSegment] = useState('');
  const [customerId, setCustomerId] = useState('');
  const isOfProduct = role === 'product' || role === 'producer';
  const mayHaveProduct = isOfProduct || role === 'viewer';
  const segments = segmentsOf(products);
  const product = productId || (isOfProduct ? (products[0]?.id ?? '') : '');
  const create = useAction(
    () =>
      api.post<Credential>(path, {
        name,
        role,
        ...(mayHaveProduct && (segment ? { segment } : product ? { productId: product } : {})),
        ...(role === 'customer' ? { customerId } : {}),
      }),
    { invalidate: [path], quiet: true },
  );
  return (
    <Dialog open onClose={onClose} title={create.data ? t`${create.data.name} created` : t`New ${one}`}>
      {create.data ? (
        <div className="stack">
          <p>
            <Trans>Copy it now. It will not be shown again.</Trans>
          </p>
          {usageOf(create.data, publicUrl).map(({ label, text }) => (
            <div key={label} className="stack-s">
              <h3>{label}</h3>
              <CodeBlock label={label} text={text} />
            </div>
          ))}
          <Actions>
            <Button variant="primary" onClick={onClose}>
              <Trans>Done</Trans>
            </Button>
          </Actions>
        </div>
      ) : (
        <Form error={create.error} onSubmit={() => create.mutate()}>
          <TextField
            label={t`Name`}
            pointer="/name"
            value={name}
            onChange={setName}
            placeholder={t`Payments backend`}
            hint={t`The audit log shows this name.`}
            required
          />
          <SelectField
            label={t`Role`}
            pointer="/role"
            value={role}
            onChange={(next) => setRole(next as Role)}
            hint={ROLES[role].about}
          >
            {Object.entries(ROLES).map(([value, { title }]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </SelectField>
          {mayHaveProduct && segments.length > 0 && (
            <SelectField
              label={t`Segment`}
              optional
              pointer="/segment"
              value={segment}
              onChange={setSegment}
              hint={t`Grants the products that are in the segment, for as long as they are in it.`}
            >
              <option value="">
                <Trans>None: one product</Trans>
              </option>
              {segments.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </SelectField>
          )}
          {mayHaveProduct && !segment && (
            <SelectField label={t`Product`} pointer="/productId" value={product} onChange={setProductId}>
              {role === 'viewer' && (
                <option value="">
                  <Trans>All products</Trans>
                </option>
              )}
              {products.map(({ id, name: text }) => (
                <option key={id} value={id}>
                  {text}
                </option>
              ))}
            </SelectField>
          )}
          {role === 'customer' && <CustomerField pointer="/customerId" value={customerId} onChange={setCustomerId} />}
          <Actions>
            <Button onClick={onClose}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" variant="primary" busy={create.isPending} disabled={name.trim() === ''}>
              <Trans>Create</Trans>
            </Button>
          </Actions>
        </Form>
      )}
    </Dialog>
  );
}
