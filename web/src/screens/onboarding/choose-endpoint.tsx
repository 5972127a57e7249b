import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import { useAction, useLoadedChoices } from '../../api/queries';
import type { Customer, EventType, Product, Subscription } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Form, SelectField, TextField } from '../../ui/form';
import { Skeleton } from '../../ui/states';

const NEW = 'new';

/**
 * Chooses an endpoint, or creates one with the few settings most need. The Endpoints screen has the
 * rest.
 */
export function ChooseEndpoint({
  product,
  customer,
  types,
  endpoint,
  onChoose,
}: {
  product: Product;
  customer: Customer;
  types: EventType[];
  endpoint: Subscription | undefined;
  onChoose(id: string): void;
}) {
  const endpoints = useLoadedChoices<Subscription>('/v1/subscriptions', { customerId: customer.id });
  const [creating, setCreating] = useState(false);
  /** The list does not have a new endpoint immediately. The form must not offer it again. */
  const [created, setCreated] = useState(false);
  // The form would disappear with what was typed, if it were shown before the list is known.
  if (!endpoints) return <Skeleton lines={1} />;
  const form = creating || (endpoints.length === 0 && !created);
  return (
    <div className="stack">
      {endpoints.length > 0 && (
        <SelectField
          label={t`Endpoint`}
          value={form ? NEW : (endpoint?.id ?? '')}
          onChange={(id) => (id === NEW ? setCreating(true) : (setCreating(false), onChoose(id)))}
          hint={form ? undefined : endpoint && <span className="wrap-anywhere">{endpoint.url}</span>}
        >
          <option value="">
            <Trans>Choose…</Trans>
          </option>
          {endpoints.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          <option value={NEW}>
            <Trans>New endpoint…</Trans>
          </option>
        </SelectField>
      )}
      {endpoint && !form && (
        <div>
          <StatusBadge status={endpoint.status} />
        </div>
      )}
      {form && (
        <NewEndpoint
          product={product}
          customer={customer}
          types={types}
          onCreated={(id) => {
            setCreating(false);
            setCreated(true);
            onChoose(id);
          }}
        />
      )}
    </div>
  );
}

function NewEndpoint({
  product,
  customer,
  types,
  onCreated,
}: {
  product: Product;
  customer: Customer;
  types: EventType[];
  onCreated(id: string): void;
}) {
  const [name, setName] = useState('main');
  const [url, setUrl] = useState('');
  const [chosen, setChosen] = useState(() => types.map((type) => type.name));
  const create = useAction(
    () =>
      api.post<Subscription>('/v1/subscriptions', {
        customerId: customer.id,
        name,
        url: url.trim(),
        eventTypes: chosen,
        ...(customer.productId === null ? { productId: product.id } : {}),
      }),
    { done: t`Endpoint created`, invalidate: ['/v1/subscriptions'], quiet: true },
  );
  return (
    <Form
      label={t`New endpoint`}
      error={create.error}
      onSubmit={() => create.mutate(undefined, { onSuccess: ({ id }) => onCreated(id) })}
    >
      <TextField label={t`Name`} pointer="/name" value={name} onChange={setName} />
      <TextField
        label={t`URL`}
        pointer="/url"
        type="url"
        value={url}
        onChange={setUrl}
        placeholder="https://example.com/webhooks"
      />
      <fieldset className="stack-s">
        <legend>
          <Trans>Event types</Trans>
        </legend>
        {types.map((type) => (
          <label key={type.name} className="row-nowrap">
            <input
              type="checkbox"
              checked={chosen.includes(type.name)}
              onChange={(event) =>
                setChosen(event.target.checked ? [...chosen, type.name] : chosen.filter((each) => each !== type.name))
              }
            />
            <span className="wrap-anywhere">{type.name}</span>
          </label>
        ))}
      </fieldset>
      <div className="row">
        <Button
          type="submit"
          variant="primary"
          icon={Plus}
          busy={create.isPending}
          disabled={url.trim() === '' || chosen.length === 0}
        >
          <Trans>Create endpoint</Trans>
        </Button>
      </div>
    </Form>
  );
}
