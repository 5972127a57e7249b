import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useNavigate } from 'react-router';
import { api, at } from '../../api/client';
import { formatJson, parseJson } from '../../api/exact-json';
import { useAction } from '../../api/queries';
import { useSession } from '../../api/session';
import type { EventType } from '../../api/types';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, SelectField, TextArea, TextField } from '../../ui/form';
import { useDraft } from '../../ui/use-draft';
import { namesIn } from '../shared/names-in';
import { useProducts } from '../shared/use-products';
import { SearchKeysField } from './search-keys-field';

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
  const [draft, set, forget] = useDraft(eventType ? null : 'event-type', {
    name: eventType?.name ?? '',
    productId: eventType?.productId ?? fixed ?? principal.productId ?? '',
    description: eventType?.description ?? '',
    requires: eventType?.requires.join(', ') ?? '',
    schema: eventType ? (eventType.schema ? formatJson(eventType.schema, 2) : '') : EXAMPLE,
    sample: eventType ? formatJson(eventType.sample, 2) : '',
    searchKeys: eventType?.searchKeys.join(', ') ?? '',
  });
  const { name, description, requires, schema, sample, searchKeys } = draft;
  const productId = fixed ?? draft.productId;
  const close = () => {
    forget();
    onClose();
  };
  const [schemaError, sampleError] = [jsonError(schema), jsonError(sample)];
  const put = useAction(
    () =>
      api.put<EventType>(at`/v1/event-types/${name.trim()}`, {
        productId: productId || products[0]?.id,
        description,
        requires: namesIn(requires),
        searchKeys: namesIn(searchKeys),
        schema: schema.trim() ? parseJson(schema) : null,
        ...(sample.trim() && sample.trim() !== 'null' ? { sample: parseJson(sample) } : {}),
      }),
    {
      done: eventType ? t`Changes saved` : t`Event type created`,
      invalidate: ['/v1/event-types'],
      quiet: true,
    },
  );
  const submit = () =>
    put.mutate(undefined, {
      onSuccess: (created) => {
        close();
        if (!eventType && !stay) void navigate(`/catalog/${encodeURIComponent(created.name)}`);
      },
    });
  return (
    <Dialog open wide onClose={close} title={eventType ? t`Edit ${eventType.name}` : t`New event type`}>
      <Form error={put.error} onSubmit={submit}>
        {!eventType && (
          <>
            <TextField
              label={t`Name`}
              pointer="path/name"
              value={name}
              onChange={(next) => set({ name: next })}
              placeholder="payment.confirmed.v1"
              hint={t`Dot-separated, version last. It cannot be changed later.`}
              required
            />
            {principal.productId === null && fixed === undefined && (
              <SelectField
                label={t`Product`}
                pointer="/productId"
                value={productId || (products[0]?.id ?? '')}
                onChange={(next) => set({ productId: next })}
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
          label={t`Description`}
          pointer="/description"
          value={description}
          onChange={(next) => set({ description: next })}
          placeholder={t`A payment was confirmed.`}
        />
        <TextField
          label={t`Required capabilities`}
          optional
          pointer="/requires"
          value={requires}
          onChange={(next) => set({ requires: next })}
          placeholder="vendor"
          hint={t`Separated by commas. Only customers that have all of them get events of this type.`}
        />
        <TextArea
          label={t`JSON Schema`}
          optional
          code
          rows={10}
          pointer="/schema"
          error={schemaError}
          value={schema}
          onChange={(next) => set({ schema: next })}
          hint={t`Events whose data does not match are rejected. Leave empty to accept any object.`}
        />
        <TextArea
          label={t`Sample`}
          optional
          code
          rows={5}
          pointer="/sample"
          error={sampleError}
          value={sample}
          onChange={(next) => set({ sample: next })}
          hint={t`Leave empty to generate one from the schema.`}
        />
        <SearchKeysField value={searchKeys} onChange={(next) => set({ searchKeys: next })} />
        <Actions>
          <Button onClick={close}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            type="submit"
            variant="primary"
            busy={put.isPending}
            disabled={name.trim() === '' || Boolean(schemaError ?? sampleError)}
          >
            {eventType ? t`Save` : t`Create`}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}

function jsonError(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    return t`Invalid JSON: ${(error as Error).message}`;
  }
}
