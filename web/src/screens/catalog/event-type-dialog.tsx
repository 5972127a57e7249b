import { useState } from 'react';
import { useNavigate } from 'react-router';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import { useSession } from '../../api/session';
import type { EventType } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField, TextArea, TextField } from '../../ui/form';
import { useProducts } from '../shared/use-products';

const EXAMPLE = `{
  "type": "object",
  "required": ["paymentId", "amount"],
  "properties": {
    "paymentId": { "type": "string", "description": "ID of the payment." },
    "amount": { "type": "number" }
  }
}`;

/**
 * Creates or edits an event type. @param stay - stays on the screen instead of opening the new type
 */
export function EventTypeDialog({
  eventType,
  productId: fixed,
  stay = false,
  onClose,
}: {
  eventType?: EventType;
  productId?: string;
  stay?: boolean;
  onClose(): void;
}) {
  const { principal } = useSession();
  const navigate = useNavigate();
  const products = useProducts();
  const [name, setName] = useState(eventType?.name ?? '');
  const [productId, setProductId] = useState(eventType?.productId ?? fixed ?? principal.productId ?? '');
  const [description, setDescription] = useState(eventType?.description ?? '');
  const [schema, setSchema] = useState(
    eventType ? (eventType.schema ? JSON.stringify(eventType.schema, null, 2) : '') : EXAMPLE,
  );
  const [sample, setSample] = useState(eventType ? JSON.stringify(eventType.sample, null, 2) : '');
  const [schemaError, sampleError] = [jsonError(schema), jsonError(sample)];
  const put = useAction(
    () =>
      api.put<EventType>(at`/v1/event-types/${name.trim()}`, {
        productId: productId || products[0]?.id,
        description,
        schema: schema.trim() ? JSON.parse(schema) : null,
        ...(sample.trim() && sample.trim() !== 'null' ? { sample: JSON.parse(sample) } : {}),
      }),
    {
      done: eventType ? 'Changes saved' : 'Event type created',
      invalidate: ['/v1/event-types'],
      quiet: true,
    },
  );
  const submit = () =>
    put.mutate(undefined, {
      onSuccess: (created) => {
        onClose();
        if (!eventType && !stay) void navigate(`/catalog/${encodeURIComponent(created.name)}`);
      },
    });
  return (
    <Dialog open wide onClose={onClose} title={eventType ? `Edit ${eventType.name}` : 'New event type'}>
      <Form error={put.error} onSubmit={submit}>
        {!eventType && (
          <>
            <TextField
              label="Name"
              pointer="path/name"
              value={name}
              onChange={setName}
              placeholder="payment.confirmed.v1"
              hint="Dot-separated, version last. It cannot be changed later."
              required
            />
            {principal.productId === null && fixed === undefined && (
              <SelectField
                label="Product"
                pointer="/productId"
                value={productId || (products[0]?.id ?? '')}
                onChange={setProductId}
              >
                {products.map(({ id, name: text }) => (
                  <option key={id} value={id}>
                    {text}
                  </option>
                ))}
              </SelectField>
            )}
          </>
        )}
        <TextField
          label="Description"
          pointer="/description"
          value={description}
          onChange={setDescription}
          placeholder="A payment was confirmed."
        />
        <TextArea
          label="JSON Schema"
          optional
          code
          rows={10}
          pointer="/schema"
          error={schemaError}
          value={schema}
          onChange={setSchema}
          hint="Events whose data does not match are rejected. Leave empty to accept any object."
        />
        <TextArea
          label="Sample"
          optional
          code
          rows={5}
          pointer="/sample"
          error={sampleError}
          value={sample}
          onChange={setSample}
          hint="Leave empty to generate one from the schema."
        />
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="primary"
            busy={put.isPending}
            disabled={name.trim() === '' || Boolean(schemaError ?? sampleError)}
          >
            {eventType ? 'Save' : 'Create'}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}

function jsonError(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `Invalid JSON: ${(error as Error).message}`;
  }
}
