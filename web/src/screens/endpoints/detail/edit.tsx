import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useRead } from '../../../api/queries';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { Button, ButtonLink } from '../../../ui/button';
import { Actions } from '../../../ui/dialog';
import { Form, FormErrorSummary } from '../../../ui/form';
import { Card, PageHead } from '../../../ui/page';
import { formatJson } from '../../../api/exact-json';
import { Empty, Loaded } from '../../../ui/states';
import { useUnsavedChanges } from '../../../ui/unsaved';
import { changesOf, draftFrom, withoutChanged, type Draft } from '../shared/draft';
import styles from '../shared/endpoints.module.css';
import { ChannelFields } from '../fields/channels';
import { DataFields } from '../fields/data';
import { GeneralFields } from '../fields/general';
import { HttpFields } from '../fields/http';
import { TypeFields } from '../fields/types';
import { useUpdateEndpoint } from '../shared/actions';
import { SUBJECT } from '../shared/subject';

/** Edits an endpoint: every section of the wizard on one page. */
export function EditEndpoint() {
  const { id = '' } = useParams();
  const can = usePermissions();
  const query = useRead<Subscription>(
    `/v1/subscriptions/${encodeURIComponent(id)}`,
    {},
    { placeholderData: undefined },
  );
  if (!can.manageEndpoints) return <Empty title={t`You don’t have permission to edit endpoints`} />;
  return (
    <Loaded query={query} subject={SUBJECT}>
      {(subscription) => <EditForm key={id} subscription={subscription} />}
    </Loaded>
  );
}

function EditForm({ subscription }: { subscription: Subscription }) {
  const navigate = useNavigate();
  // The endpoint when editing began. A refetch must neither overwrite what is typed nor count as a
  // change.
  const [before] = useState(() => draftFrom(subscription));
  const [draft, setDraft] = useState<Draft>(before);
  const [error, setError] = useState<unknown>();
  const change = useUpdateEndpoint(subscription);
  const page = `/endpoints/${subscription.id}`;
  const unsaved = useUnsavedChanges(formatJson(draft) !== formatJson(before));
  async function save() {
    setError(undefined);
    try {
      const changes = changesOf(before, draft);
      if (Object.keys(changes).length > 0) await change.mutateAsync(changes);
      unsaved.release();
      await navigate(page);
    } catch (error) {
      setError(error);
    }
  }
  const props = {
    draft,
    set(next: Partial<Draft>) {
      setDraft((now) => ({ ...now, ...next }));
      setError((now: unknown) => withoutChanged(now, next));
    },
    existing: subscription,
  };
  return (
    <>
      <PageHead
        title={t`Edit ${subscription.name}`}
        crumbs={[
          { text: t`Endpoints`, to: '/endpoints' },
          { text: subscription.name, to: page },
        ]}
        sub={t`The customer (${subscription.customerId}) and the product cannot be changed.`}
      />
      <Form label={t`Endpoint`} error={error} summary={false} onSubmit={() => void save()}>
        <Card title={t`General`}>
          <div className="stack">
            <GeneralFields {...props} />
          </div>
        </Card>
        <Card title={t`Event types`}>
          <div className="stack">
            <TypeFields {...props} />
          </div>
        </Card>
        <Card title={t`HTTP settings`}>
          <div className="stack">
            <HttpFields {...props} />
          </div>
        </Card>
        <Card title={t`Channels`}>
          <div className="stack">
            <ChannelFields {...props} />
          </div>
        </Card>
        <Card title={t`Custom data`}>
          <div className="stack">
            <DataFields {...props} />
          </div>
        </Card>
        {unsaved.question}
        <div className={styles.saveBar}>
          <FormErrorSummary error={error} />
          <Actions>
            <ButtonLink to={page}>
              <Trans>Cancel</Trans>
            </ButtonLink>
            <Button type="submit" variant="primary" busy={change.isPending}>
              <Trans>Save changes</Trans>
            </Button>
          </Actions>
        </div>
      </Form>
    </>
  );
}
