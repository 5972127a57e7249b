import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useId, useState } from 'react';
import { api, at } from '../../api/client';
import { formatJson, parseJson } from '../../api/exact-json';
import { errorText } from '../../api/problem';
import { useAction } from '../../api/queries';
import type { EventType, Page } from '../../api/types';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form } from '../../ui/form';
import type { CatalogFile } from './export';

interface Step {
  productId: string;
  type: CatalogFile['eventTypes'][number];
  kind: 'new' | 'changed' | 'unchanged';
}

/** Imports event types from a file, after a preview of what is new and what changes. */
export function ImportDialog({ onClose }: { onClose(): void }) {
  const id = useId();
  const [steps, setSteps] = useState<Step[] | null>(null);
  const [fileError, setFileError] = useState<unknown>();
  const todo = steps?.filter(({ kind }) => kind !== 'unchanged') ?? [];
  const run = useAction(
    async () => {
      for (const { productId, type } of todo) {
        const { name, description, schema = null, sample, requires, searchKeys } = type;
        await api.put(at`/v1/event-types/${name}`, {
          productId,
          description,
          schema,
          ...(sample == null ? {} : { sample }),
          requires,
          searchKeys,
        });
      }
    },
    {
      done: plural(todo.length, { one: '# event type imported', other: '# event types imported' }),
      invalidate: ['/v1/event-types'],
      quiet: true,
    },
  );
  async function read(file: File | undefined) {
    setSteps(null);
    setFileError(undefined);
    if (!file) return;
    try {
      setSteps(await planImport(await file.text()));
    } catch (error) {
      setFileError(error);
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t`Import event types`}
      description={t`A JSON file in the format that Export writes. Nothing is removed.`}
    >
      <Form error={run.error ?? fileError} onSubmit={() => run.mutate(undefined, { onSuccess: onClose })}>
        <div className="field">
          <label htmlFor={id}>
            <Trans>File</Trans>
          </label>
          <input
            id={id}
            className="input"
            type="file"
            accept="application/json,.json"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        </div>
        {steps && (
          <ul className="stack-s" aria-label={t`Planned changes`}>
            {steps.map(({ productId, type, kind }) => (
              <li key={type.name} className="row">
                <Badge tone={kind === 'new' ? 'ok' : kind === 'changed' ? 'warn' : 'neutral'}>{kind}</Badge>
                <code className="wrap-anywhere">{type.name}</code>
                <span className="muted">{productId}</span>
              </li>
            ))}
          </ul>
        )}
        <Actions>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button type="submit" variant="primary" busy={run.isPending} disabled={todo.length === 0}>
            {todo.length > 0 ? t`Import ${todo.length}` : steps ? t`Nothing to import` : t`Import`}
          </Button>
        </Actions>
      </Form>
    </Dialog>
  );
}

/** @throws Error if the text is not a catalog */
async function planImport(text: string): Promise<Step[]> {
  let files: CatalogFile[];
  try {
    files = [parseJson<CatalogFile>(text)].flat();
  } catch (error) {
    throw new Error(t`The file is not valid JSON: ${errorText(error)}`, { cause: error });
  }
  const steps: Step[] = [];
  for (const file of files) {
    if (typeof file?.product?.id !== 'string' || !Array.isArray(file.eventTypes))
      throw new Error(t`The file needs product.id and eventTypes, as in an exported file.`);
    const { items } = await api.get<Page<EventType>>('/v1/event-types', { productId: file.product.id, limit: 200 });
    const known = new Map(items.map((type) => [type.name, type]));
    for (const type of file.eventTypes)
      steps.push({ productId: file.product.id, type, kind: kindOf(type, known.get(type.name)) });
  }
  return steps;
}

function kindOf(type: CatalogFile['eventTypes'][number], known: EventType | undefined): Step['kind'] {
  if (!known) return 'new';
  // What the file leaves out stays, except the schema.
  const { description, schema = null, requires = known.requires, searchKeys = known.searchKeys } = type;
  const next = [description, schema, type.sample ?? known.sample, requires, searchKeys];
  const now = [known.description, known.schema, known.sample, known.requires, known.searchKeys];
  return formatJson(next) === formatJson(now) && !known.archived ? 'unchanged' : 'changed';
}
