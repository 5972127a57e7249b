import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import { useMay } from '../../api/session';
import type { Method, Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock, laidOut } from '../../ui/copy';
import { FormFault, SelectField } from '../../ui/form';
import styles from './endpoints.module.css';
import { useTypesOf } from './use-types';

interface DryRunAnswer {
  type: string;
  method: Method;
  body: string | null;
}

/** Shows what would be sent for a sample, by the transform as it is typed; nothing is saved or sent. */
export function DryRun({ subscription, expression }: { subscription: Subscription; expression: string }) {
  const may = useMay();
  const types = useTypesOf(subscription);
  const [type, setType] = useState('');
  const run = useAction(
    () =>
      api.post<DryRunAnswer>(at`/v1/subscriptions/${subscription.id}/transform/dry-run`, {
        ...((type || types[0]) && { type: type || types[0]!.name }),
        transform: expression.trim() ? { language: 'jsonata', expression } : null,
      }),
    { quiet: true, invalidate: [] },
  );
  if (!may.steer) return null;
  return (
    <div className="stack-s">
      <div className={styles.try}>
        {types.length > 1 && (
          <SelectField label="Sample of" value={type} onChange={setType}>
            {types.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        )}
        <Button icon={FlaskConical} busy={run.isPending} onClick={() => run.mutate()}>
          Show what would be sent
        </Button>
      </div>
      <FormFault error={run.error} />
      {run.data &&
        (run.data.body === null ? (
          <p className="muted">A GET has no body.</p>
        ) : (
          <CodeBlock label={`Body for ${run.data.type}`} text={laidOut(run.data.body)} />
        ))}
    </div>
  );
}
