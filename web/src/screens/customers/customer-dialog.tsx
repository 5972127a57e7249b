import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, at } from '../../api/client';
import { useAction, useChoices } from '../../api/queries';
import { useFeatures, useSession } from '../../api/session';
import type { Customer, Product } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField, TextField } from '../../ui/form';
import { namesIn } from '../shared/names-in';
import { ScheduleField, DEFAULT_SCHEDULE } from '../shared/schedule-field';

/** Creates or edits a customer. @param onCreated - called instead of opening the new customer */
export function CustomerDialog({
  customer,
  productId: fixed,
  onClose,
  onCreated,
}: {
  customer?: Customer;
  /** The product of a new customer. Absent: the user chooses it. */
  productId?: string;
  onClose(): void;
  onCreated?(created: Customer): void;
}) {
  const { principal } = useSession();
  const hasFeature = useFeatures();
  const navigate = useNavigate();
  const products = useChoices<Product>('/v1/products');
  const [name, setName] = useState(customer?.name ?? '');
  const [id, setId] = useState('');
  const [productId, setProductId] = useState(fixed ?? '');
  const [audience, setAudience] = useState(customer?.audience ?? 'self');
  const [capabilities, setCapabilities] = useState(customer?.capabilities.join(', ') ?? '');
  const [retrySchedule, setRetrySchedule] = useState<readonly number[]>(customer?.retrySchedule ?? DEFAULT_SCHEDULE);
  const chosenProduct = productId || (principal.segment === null ? '' : (products[0]?.id ?? ''));
  const settings = { name, retrySchedule, audience, capabilities: namesIn(capabilities) };
  const save = useAction(
    () =>
      customer
        ? api.patch<Customer>(at`/v1/customers/${customer.id}`, settings)
        : api.post<Customer>('/v1/customers', {
            ...settings,
            ...(id.trim() ? { id: id.trim() } : {}),
            ...(chosenProduct ? { productId: chosenProduct } : {}),
          }),
    {
      done: customer ? t`Changes saved` : t`Customer created`,
      invalidate: ['/v1/customers'],
      quiet: true,
    },
  );
  const submit = () =>
    save.mutate(undefined, {
      onSuccess: (created) => {
        onClose();
        if (onCreated) onCreated(created);
        else if (!customer) void navigate(`/customers/${encodeURIComponent(created.id)}`);
      },
    });
  return (
    <Dialog open onClose={onClose} title={customer ? t`Edit ${customer.name}` : t`New customer`}>
      <Form error={save.error} onSubmit={submit}>
        <TextField label={t`Name`} pointer="/name" value={name} onChange={setName} required />
        {!customer && (
          <>
            <TextField
              label={t`ID`}
              optional
              pointer="/id"
              value={id}
              onChange={setId}
              hint={t`The ID of this customer in your systems. Leave empty to generate one.`}
            />
            {principal.productId === null && fixed === undefined && (
              <SelectField
                label={t`Product`}
                pointer="/productId"
                value={chosenProduct}
                onChange={setProductId}
                hint={t`The product this customer belongs to.`}
              >
                {principal.segment === null && (
                  <option value="">
                    <Trans>Shared by all products</Trans>
                  </option>
                )}
                {products.map((product) => (
                  <option key={product.id} value={product.id}>
                    {product.name}
                  </option>
                ))}
              </SelectField>
            )}
          </>
        )}
        {(hasFeature('product-audience') || audience === 'product') && (
          <SelectField
            label={t`Audience`}
            pointer="/audience"
            value={audience}
            onChange={(next) => setAudience(next as Customer['audience'])}
            hint={t`Whose events its endpoints get. Channels narrow them.`}
          >
            <option value="self">
              <Trans>Its own events</Trans>
            </option>
            <option value="product">
              <Trans>The product’s events for every customer</Trans>
            </option>
          </SelectField>
        )}
        <TextField
          label={t`Capabilities`}
          optional
          pointer="/capabilities"
          value={capabilities}
          onChange={setCapabilities}
          placeholder={t`vendor, refunds`}
          hint={t`Separated by commas. Some event types require them.`}
        />
        <ScheduleField value={retrySchedule} onChange={setRetrySchedule} />
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={name.trim() === ''}>
            {customer ? t`Save` : t`Create`}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}
