import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useRead } from '../../../api/queries';
import { useMay } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { Button, ButtonLink } from '../../../ui/button';
import { Actions } from '../../../ui/dialog';
import { Form, FormFault } from '../../../ui/form';
import { Card, PageHead } from '../../../ui/page';
import { Empty, Loaded } from '../../../ui/states';
import { changesOf, draftOf, without, type Draft } from '../shared/draft';
import styles from '../shared/endpoints.module.css';
import { ChannelFields } from '../fields/channels';
import { DataFields } from '../fields/data';
import { GeneralFields } from '../fields/general';
import { HttpFields } from '../fields/http';
import { TypeFields } from '../fields/types';
import { useChange } from '../shared/use-change';

/** Edits an endpoint: every section of the wizard on one page. */
export function EditEndpoint() {
  const { id = '' } = useParams();
  const may = useMay();
  const query = useRead<Subscription>(
    `/v1/subscriptions/${encodeURIComponent(id)}`,
    {},
    { placeholderData: undefined },
  );
  if (!may.steer) return <Empty title="You don’t have permission to edit endpoints" />;
  return <Loaded query={query}>{(subscription) => <EditForm key={id} subscription={subscription} />}</Loaded>;
}

function EditForm({ subscription }: { subscription: Subscription }) {
  const navigate = useNavigate();
  // The endpoint when editing began. A refetch must neither overwrite what is typed nor count as a
  // change.
  const [before] = useState(() => draftOf(subscription));
  const [draft, setDraft] = useState<Draft>(before);
  const [fault, setFault] = useState<unknown>();
  const change = useChange(subscription);
  const page = `/endpoints/${subscription.id}`;
  async function save() {
    setFault(undefined);
    try {
      const changes = changesOf(before, draft);
      if (Object.keys(changes).length > 0) await change.mutateAsync(changes);
      await navigate(page);
    } catch (error) {
      setFault(error);
    }
  }
  const props = {
    draft,
    set(next: Partial<Draft>) {
      setDraft((now) => ({ ...now, ...next }));
      setFault((now: unknown) => without(now, next));
    },
    existing: subscription,
  };
  return (
    <>
      <PageHead
        title={`Edit ${subscription.name}`}
        crumbs={[
          { text: 'Endpoints', to: '/endpoints' },
          { text: subscription.name, to: page },
        ]}
        sub={`The customer (${subscription.customerId}) and the product cannot be changed.`}
      />
      <Form label="Endpoint" error={fault} summary={false} onSubmit={() => void save()}>
        <Card title="General">
          <div className="stack">
            <GeneralFields {...props} />
          </div>
        </Card>
        <Card title="Event types">
          <div className="stack">
            <TypeFields {...props} />
          </div>
        </Card>
        <Card title="HTTP settings">
          <div className="stack">
            <HttpFields {...props} />
          </div>
        </Card>
        <Card title="Channels">
          <div className="stack">
            <ChannelFields {...props} />
          </div>
        </Card>
        <Card title="Custom data">
          <div className="stack">
            <DataFields {...props} />
          </div>
        </Card>
        <div className={styles.saveBar}>
          <FormFault error={fault} />
          <Actions>
            <ButtonLink to={page}>Cancel</ButtonLink>
            <Button type="submit" look="primary" busy={change.isPending}>
              Save changes
            </Button>
          </Actions>
        </div>
      </Form>
    </>
  );
}
