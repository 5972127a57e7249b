import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState, type ComponentType } from 'react';
import { useSearchParams } from 'react-router';
import { api } from '../../../api/client';
import { formatJson } from '../../../api/exact-json';
import { useAction } from '../../../api/queries';
import { usePermissions, useSession } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { Actions } from '../../../ui/dialog';
import { Form } from '../../../ui/form';
import { Card, PageHead } from '../../../ui/page';
import { Empty } from '../../../ui/states';
import { useUnsavedChanges } from '../../../ui/unsaved';
import { Created } from './created';
import { creationOf, emptyDraft, withoutChanged, type Draft, type DraftProps } from '../shared/draft';
import { ChannelFields } from '../fields/channels';
import { DataFields } from '../fields/data';
import { GeneralFields } from '../fields/general';
import { HttpFields } from '../fields/http';
import { TypeFields } from '../fields/types';
import { QuickAdd } from './quick-add';
import { Review } from './review';
import { Stepper } from './stepper';
import { missingFields, stepOf, STEPS, type StepId } from './steps';

const FIELDS: Record<Exclude<StepId, 'review'>, ComponentType<DraftProps>> = {
  general: GeneralFields,
  types: TypeFields,
  http: HttpFields,
  channels: ChannelFields,
  data: DataFields,
};

/**
 * Creates an endpoint in steps. The step is in the address bar, so that the browser's Back button
 * goes back one step and keeps the draft.
 */
export function CreateEndpoint() {
  const { principal } = useSession();
  const can = usePermissions();
  const [params, setParams] = useSearchParams();
  const [blank] = useState(() => ({
    ...emptyDraft(principal.customerId ?? params.get('customerId') ?? '', principal.productId ?? ''),
    ...(can.isCustomer && { eventTypes: ['*'] }),
  }));
  const [draft, setDraft] = useState<Draft>(blank);
  const [reached, setReached] = useState(0);
  const [error, setError] = useState<unknown>();
  const create = useAction((body: object) => api.post<Subscription>('/v1/subscriptions', body), { quiet: true });

  const unsaved = useUnsavedChanges(!create.data && formatJson(draft) !== formatJson(blank));

  // A step beyond `reached` is ignored: after a reload its draft is gone.
  const requested = STEPS.findIndex(({ id }) => id === params.get('step'));
  const index = Math.min(Math.max(requested, 0), reached);
  const step = STEPS[index]!;
  if (!can.manageEndpoints) return <Empty title={t`You don’t have permission to create endpoints`} />;
  if (create.data) return <Created subscription={create.data} />;

  function go(to: StepId) {
    const next = STEPS.findIndex(({ id }) => id === to);
    setReached(Math.max(reached, next));
    const search = new URLSearchParams(window.location.search);
    search.set('step', to);
    // Synchronously: the next click is meant for the step that the address names.
    setParams(search, { flushSync: true });
  }
  async function forward() {
    const missing = missingFields(draft, step.id);
    setError(missing);
    if (missing) return;
    if (step.id === 'review') await send();
    else go(STEPS[index + 1]!.id);
  }
  async function send() {
    try {
      await create.mutateAsync(creationOf(draft));
    } catch (error) {
      setError(error);
      const where = params.has('step') && stepOf(error);
      if (where) go(where);
    }
  }
  function set(change: Partial<Draft>) {
    setDraft((before) => ({ ...before, ...change }));
    setError((before: unknown) => withoutChanged(before, change));
  }
  if (can.isCustomer && !params.has('step'))
    return (
      <QuickAdd
        draft={draft}
        set={set}
        error={error}
        busy={create.isPending}
        unsaved={unsaved.question}
        onSubmit={(found) => (found ? setError(found) : void send())}
        onMore={() => go('general')}
      />
    );
  const Fields = step.id === 'review' ? null : FIELDS[step.id];
  return (
    <>
      <PageHead title={t`New endpoint`} crumbs={[{ text: t`Endpoints`, to: '/endpoints' }]} />
      <Stepper steps={STEPS} current={index} reached={reached} onGo={go} />
      <Card title={step.title}>
        <Form label={t`New endpoint`} error={error} summary={step.id === 'review'} onSubmit={() => void forward()}>
          {Fields ? <Fields draft={draft} set={set} /> : <Review draft={draft} onEdit={go} />}
          {unsaved.question}
          <Actions>
            {index > 0 && (
              <Button onClick={() => go(STEPS[index - 1]!.id)}>
                <Trans>Back</Trans>
              </Button>
            )}
            <Button type="submit" variant="primary" busy={create.isPending}>
              {step.id === 'review' ? t`Create endpoint` : t`Next`}
            </Button>
          </Actions>
        </Form>
      </Card>
    </>
  );
}
