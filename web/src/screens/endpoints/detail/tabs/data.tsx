import { useState } from 'react';
import { useMay } from '../../../../api/session';
import type { Subscription } from '../../../../api/types';
import { Button } from '../../../../ui/button';
import { CodeBlock } from '../../../../ui/copy';
import { Actions } from '../../../../ui/dialog';
import { Form } from '../../../../ui/form';
import { Card } from '../../../../ui/page';
import { changesOf, draftOf, type Draft } from '../../shared/draft';
import { DataFields } from '../../fields/data';
import { useChange } from '../../shared/use-change';

/** The custom data and the transform, edited in place. */
export function DataTab({ subscription }: { subscription: Subscription }) {
  const may = useMay();
  const before = draftOf(subscription);
  const [typed, setTyped] = useState<Partial<Draft>>({});
  const [fault, setFault] = useState<unknown>();
  const change = useChange(subscription);
  const draft = { ...before, ...typed };
  async function save() {
    setFault(undefined);
    try {
      await change.mutateAsync(changesOf(before, draft));
      setTyped({});
    } catch (error) {
      setFault(error);
    }
  }
  if (!may.steer)
    return (
      <Card title="Custom data">
        <div className="stack-s">
          <CodeBlock label="Custom data" text={before.customData} />
          {before.transform && <CodeBlock label="Transform" text={before.transform} />}
        </div>
      </Card>
    );
  const changed = draft.customData !== before.customData || draft.transform !== before.transform;
  return (
    <Card title="Custom data">
      <Form label="Settings" error={fault} onSubmit={() => void save()}>
        <DataFields draft={draft} set={(next) => setTyped((now) => ({ ...now, ...next }))} existing={subscription} />
        {changed && (
          <Actions>
            <Button onClick={() => setTyped({})}>Discard</Button>
            <Button type="submit" look="primary" busy={change.isPending}>
              Save
            </Button>
          </Actions>
        )}
      </Form>
    </Card>
  );
}
