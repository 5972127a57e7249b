import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { usePermissions } from '../../../../api/session';
import type { Subscription } from '../../../../api/types';
import { Button } from '../../../../ui/button';
import { CodeBlock } from '../../../../ui/copy';
import { Actions } from '../../../../ui/dialog';
import { Form } from '../../../../ui/form';
import { Card } from '../../../../ui/page';
import { useUnsavedChanges } from '../../../../ui/unsaved';
import { changesOf, draftFrom, type Draft } from '../../shared/draft';
import { DataFields } from '../../fields/data';
import { useUpdateEndpoint } from '../../shared/actions';

/** The custom data and the transform, edited in place. */
export function DataTab({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const before = draftFrom(subscription);
  const [typed, setTyped] = useState<Partial<Draft>>({});
  const [error, setError] = useState<unknown>();
  const change = useUpdateEndpoint(subscription);
  const draft = { ...before, ...typed };
  async function save() {
    setError(undefined);
    try {
      await change.mutateAsync(changesOf(before, draft));
      setTyped({});
    } catch (error) {
      setError(error);
    }
  }
  const changed = draft.customData !== before.customData || draft.transform !== before.transform;
  const unsaved = useUnsavedChanges(changed, 'tab');
  if (!can.manageEndpoints)
    return (
      <Card title={t`Custom data`}>
        <div className="stack-s">
          <CodeBlock label={t`Custom data`} text={before.customData} />
          {before.transform && <CodeBlock label={t`Transform`} text={before.transform} />}
        </div>
      </Card>
    );
  return (
    <Card title={t`Custom data`}>
      <Form label={t`Settings`} error={error} onSubmit={() => void save()}>
        <DataFields draft={draft} set={(next) => setTyped((now) => ({ ...now, ...next }))} existing={subscription} />
        {unsaved.question}
        {changed && (
          <Actions>
            <Button onClick={() => setTyped({})}>
              <Trans>Discard</Trans>
            </Button>
            <Button type="submit" variant="primary" busy={change.isPending}>
              <Trans>Save</Trans>
            </Button>
          </Actions>
        )}
      </Form>
    </Card>
  );
}
