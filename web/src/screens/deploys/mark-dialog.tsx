import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import { useSession } from '../../api/session';
import type { Deploy, Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField, TextField } from '../../ui/form';
import { fromInputTime, useZone, zoneName } from '../../ui/zone';
import { CustomerField } from '../shared/customer-field';
import { useProducts } from '../shared/use-products';

/** What the form holds. An empty text is absent. */
interface Draft {
  version: string;
  at: string;
  url: string;
  description: string;
  customerId: string;
  productId: string;
  /** On the screen of an endpoint: whether only that endpoint is concerned. */
  isOnlyHere: boolean;
}

const EMPTY: Draft = {
  version: '',
  at: '',
  url: '',
  description: '',
  customerId: '',
  productId: '',
  isOnlyHere: false,
};

/** The form that marks a deploy. */
export function MarkDialog({ subscription, onClose }: { subscription?: Subscription; onClose(): void }) {
  const { principal } = useSession();
  const [draft, setDraft] = useState(EMPTY);
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const mark = useAction(() => api.post<Deploy>('/v1/deploys', bodyOf(draft, subscription)), {
    done: ({ version }) => t`Deploy ${version} marked`,
    invalidate: ['/v1/deploys'],
    quiet: true,
  });
  useZone();
  const asksForOwner = !subscription && principal.customerId === null;
  const isOwned = !asksForOwner || principal.productId !== null || draft.customerId !== '' || draft.productId !== '';
  return (
    <Dialog
      open
      onClose={onClose}
      title={t`Mark a deploy`}
      description={t`A line in the charts shows when the version was deployed.`}
    >
      <Form error={mark.error} onSubmit={() => mark.mutate(undefined, { onSuccess: onClose })}>
        <TextField
          label={t`Version`}
          pointer="/version"
          placeholder="orders-2.4.1"
          value={draft.version}
          onChange={(version) => set({ version })}
          required
        />
        {subscription && (
          <SelectField
            label={t`Concerns`}
            value={String(draft.isOnlyHere)}
            onChange={(value) => set({ isOnlyHere: value === 'true' })}
          >
            <option value="false">
              {principal.customerId === null ? t`All endpoints of the customer` : t`All endpoints`}
            </option>
            <option value="true">{onlyHere(subscription)}</option>
          </SelectField>
        )}
        {asksForOwner && (
          <CustomerField
            pointer="/customerId"
            value={draft.customerId}
            onChange={(customerId) => set({ customerId })}
            optional
            hint={t`Leave empty if a product was deployed.`}
          />
        )}
        {asksForOwner && principal.productId === null && draft.customerId === '' && (
          <ProductField value={draft.productId} onChange={(productId) => set({ productId })} />
        )}
        <TextField
          label={timeLabel(draft.at)}
          pointer="/at"
          type="datetime-local"
          optional
          hint={t`Empty: now.`}
          onChange={(at) => set({ at: fromInputTime(at) })}
        />
        <TextField
          label={t`Link`}
          pointer="/url"
          type="url"
          placeholder="https://ci.example.com/builds/812"
          value={draft.url}
          onChange={(url) => set({ url })}
          optional
        />
        <TextField
          label={t`Description`}
          pointer="/description"
          value={draft.description}
          onChange={(description) => set({ description })}
          optional
        />
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            type="submit"
            variant="primary"
            busy={mark.isPending}
            disabled={draft.version.trim() === '' || !isOwned}
          >
            <Trans>Mark</Trans>
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}

function onlyHere({ name }: Subscription): string {
  return t`Only ${name}`;
}

function timeLabel(at: string): string {
  const zone = zoneName(at || Date.now());
  return t`Time (${zone})`;
}

function ProductField({ value, onChange }: { value: string; onChange(id: string): void }) {
  return (
    <SelectField label={t`Product`} pointer="/productId" value={value} onChange={onChange}>
      <option value="">{t`Choose a product or a customer`}</option>
      {useProducts().map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

function bodyOf(draft: Draft, subscription: Subscription | undefined): object {
  const { version, description, at, url, isOnlyHere } = draft;
  const owner = subscription
    ? isOnlyHere
      ? { subscriptionId: subscription.id }
      : { customerId: subscription.customerId }
    : draft.customerId !== ''
      ? { customerId: draft.customerId }
      : { productId: draft.productId };
  const given = Object.entries({ ...owner, description, at, url }).filter(([, value]) => value !== '');
  return { version, ...Object.fromEntries(given) };
}
