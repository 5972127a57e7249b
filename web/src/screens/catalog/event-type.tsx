import { Archive, ArchiveRestore, Pencil } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { api, at } from '../../api/client';
import { formatJson } from '../../api/exact-json';
import { useAction, useChoices, useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { EventType, Subscription } from '../../api/types';
import { Badge, StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { Confirm } from '../../ui/dialog';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Empty, Loaded } from '../../ui/states';
import { EventTypeDialog } from './event-type-dialog';
import { FieldTable } from './field-table';

const SUBJECT = { one: 'Event type', all: 'Event catalog', to: '/catalog' };

/** An event type with its fields, sample, versions and subscribers. */
export function EventTypeDetail() {
  const { name = '' } = useParams();
  const query = useRead<EventType>(at`/v1/event-types/${name}`, {}, { placeholderData: undefined });
  return (
    <Loaded query={query} subject={SUBJECT}>
      {(eventType) => <Detail key={eventType.name} eventType={eventType} />}
    </Loaded>
  );
}

function Detail({ eventType }: { eventType: EventType }) {
  const { name, description, archived, schema, sample, productId, requires } = eventType;
  const { write } = usePermissions();
  const [editing, setEditing] = useState(false);
  const subscribers = useChoices<Subscription>('/v1/subscriptions', { eventType: name });
  const archive = useAction(() => api.post(at`/v1/event-types/${name}/archive`), {
    done: 'Event type archived',
    invalidate: ['/v1/event-types'],
  });
  const restore = useAction(
    () =>
      api.put(at`/v1/event-types/${name}`, { productId, description, schema, ...(sample === null ? {} : { sample }) }),
    { done: 'Event type restored', invalidate: ['/v1/event-types'] },
  );
  return (
    <>
      <PageHead
        title={name}
        badge={archived ? <Badge>archived</Badge> : undefined}
        crumbs={[{ text: 'Event catalog', to: '/catalog' }]}
        sub={description}
      >
        {write && (
          <>
            <Button icon={Pencil} onClick={() => setEditing(true)}>
              Edit
            </Button>
            {archived ? (
              <Button icon={ArchiveRestore} busy={restore.isPending} onClick={() => restore.mutate()}>
                Restore
              </Button>
            ) : (
              <Confirm
                trigger={<Button icon={Archive}>Archive</Button>}
                title={`Archive ${name}?`}
                action="Archive event type"
                onConfirm={() => archive.mutateAsync()}
              >
                <p>New events of this type will be rejected. Events already accepted will still be delivered.</p>
                <p>
                  {subscribers.length === 0
                    ? 'No endpoint is subscribed to it.'
                    : subscribers.length === 1
                      ? '1 endpoint is subscribed to it.'
                      : `${subscribers.length} endpoints are subscribed to it.`}
                </p>
              </Confirm>
            )}
          </>
        )}
      </PageHead>
      <div className="stack">
        {requires.length > 0 && (
          <Card>
            <Facts>
              <Fact name="Required capabilities">{requires.join(', ')}</Fact>
            </Facts>
          </Card>
        )}
        <Card title="Fields">
          {schema ? <FieldTable schema={schema} /> : <p className="muted">No schema. Any object is accepted.</p>}
        </Card>
        {eventType.searchKeys.length > 0 && (
          <Card title="Search keys">
            <ul className="row" aria-label="Search keys">
              {eventType.searchKeys.map((key) => (
                <li key={key}>
                  <code>{key}</code>
                </li>
              ))}
            </ul>
          </Card>
        )}
        <Card title="Sample">
          {sample === null ? (
            <p className="muted">No sample</p>
          ) : (
            <CodeBlock label="Sample" text={formatJson(sample, 2)} />
          )}
        </Card>
        <Versions eventType={eventType} />
        <Subscribers subscribers={subscribers} />
        {schema && (
          <Card title="JSON Schema">
            <CodeBlock label="JSON Schema" text={formatJson(schema, 2)} />
          </Card>
        )}
      </div>
      {editing && <EventTypeDialog eventType={eventType} onClose={() => setEditing(false)} />}
    </>
  );
}

const VERSION = /\.v(\d+)$/;

/** Other versions of the type: names that differ only in a final `.v1`, `.v2`, … */
function Versions({ eventType: { name, productId } }: { eventType: EventType }) {
  const base = name.replace(VERSION, '');
  const all = useChoices<EventType>('/v1/event-types', { productId, q: base });
  const versions = all
    .filter((type) => VERSION.test(type.name) && type.name.replace(VERSION, '') === base)
    .sort((one, other) => Number(VERSION.exec(other.name)![1]) - Number(VERSION.exec(one.name)![1]));
  if (versions.length < 2) return null;
  return (
    <Card title="Versions">
      <ul className="stack-s">
        {versions.map((type, index) => (
          <li key={type.name} className="row">
            {type.name === name ? (
              <strong>{type.name}</strong>
            ) : (
              <Link to={`/catalog/${encodeURIComponent(type.name)}`}>{type.name}</Link>
            )}
            {index === 0 && <Badge tone="ok">latest</Badge>}
            {type.archived && <Badge>archived</Badge>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Subscribers({ subscribers }: { subscribers: Subscription[] }) {
  return (
    <Card title="Subscribers">
      {subscribers.length === 0 ? (
        <Empty title="No subscribers">
          Endpoints appear here once they select this type, or a pattern that matches it.
        </Empty>
      ) : (
        <ul className="stack-s">
          {subscribers.map(({ id, name, customerId, status, eventTypes }) => (
            <li key={id} className="row">
              <Link to={`/endpoints/${id}`}>{name}</Link>
              <span className="muted">{customerId}</span>
              <code className="muted wrap-anywhere">{eventTypes.join(', ')}</code>
              <StatusBadge status={status} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
