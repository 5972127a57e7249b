import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import type { EventType, Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { CodeBlock, indentJson } from '../../../ui/copy';
import { FormErrorSummary, SelectField } from '../../../ui/form';
import type { Draft } from '../shared/draft';
import styles from '../shared/endpoints.module.css';
import { useReceivedTypes } from '../shared/use-types';

/**
 * The composed body, or `null` for a GET. Before the endpoint exists, only the transformed data.
 */
type DryRunResult = { type: string } & ({ body: string | null } | { data: string });

/** Previews the payload for a sample with the transform as typed. Saves and sends nothing. */
export function DryRun({ draft, existing }: { draft: Draft; existing?: Subscription }) {
  const types = useReceivedTypes(existing ?? { ...draft, productId: draft.productId || null });
  const [chosen, setChosen] = useState('');
  const type = types.find(({ name }) => name === chosen) ?? types[0];
  const run = useAction(({ name }: EventType) => dryRun(draft, existing, name), { quiet: true, invalidate: [] });
  if (!type) return null;
  return (
    <div className="stack-s">
      <div className={styles.try}>
        {types.length > 1 && (
          <SelectField label={t`Sample event`} value={type.name} onChange={setChosen}>
            {types.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        )}
        <Button icon={FlaskConical} busy={run.isPending} onClick={() => run.mutate(type)}>
          <Trans>Preview payload</Trans>
        </Button>
      </div>
      <FormErrorSummary error={run.error} />
      {run.data && <Preview result={run.data} />}
    </div>
  );
}

function dryRun({ customerId, transform: expression }: Draft, existing: Subscription | undefined, type: string) {
  const path = existing
    ? at`/v1/subscriptions/${existing.id}/transform/dry-run`
    : at`/v1/customers/${customerId}/transform/dry-run`;
  return api.post<DryRunResult>(path, {
    type,
    transform: expression.trim() ? { language: 'jsonata', expression } : null,
  });
}

function Preview({ result }: { result: DryRunResult }) {
  if ('data' in result) return <CodeBlock label={t`Data for ${result.type}`} text={indentJson(result.data)} />;
  if (result.body === null)
    return (
      <p className="muted">
        <Trans>A GET has no body.</Trans>
      </p>
    );
  return <CodeBlock label={t`Body for ${result.type}`} text={indentJson(result.body)} />;
}
