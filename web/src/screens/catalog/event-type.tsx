import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Archive, ArchiveRestore, Pencil, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { api, at } from '../../api/client';
import { formatJson } from '../../api/exact-json';
import { useAction, useChoices, useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { EventType, Subscription } from '../../api/types';
import { Badge, StatusBadge } from '../../ui/badge';
import { Button, ButtonLink } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { Confirm } from '../../ui/dialog';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Empty, Loaded } from '../../ui/states';
import { EventTypeDialog } from './event-type-dialog';
import { FieldTable } from './field-table';
import { FigureTable, type FigureColumn } from '../../ui/figure-table';

const SUBJECT = { one: t`Event type`, all: { text: t`Event catalog`, to: '/catalog' } };

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
    done: t`Event type archived`,
    invalidate: ['/v1/event-types'],
  });
  const restore = useAction(
    () =>
      api.put(at`/v1/event-types/${name}`, { productId, description, schema, ...(sample === null ? {} : { sample }) }),
    { done: t`Event type restored`, invalidate: ['/v1/event-types'] },
  );
  return (
    <>
      <PageHead
        title={name}
        badge={
          archived ? (
            <Badge>
              <Trans>archived</Trans>
            </Badge>
          ) : undefined
        }
        crumbs={[{ text: t`Event catalog`, to: '/catalog' }]}
        sub={description}
      >
        <ButtonLink to={`/logs?type=${encodeURIComponent(name)}&status=failed&period=week`} icon={ScrollText}>
          <Trans>Failed in 7 days</Trans>
        </ButtonLink>
        {write && (
          <>
            <Button icon={Pencil} onClick={() => setEditing(true)}>
              <Trans>Edit</Trans>
            </Button>
            {archived ? (
              <Button icon={ArchiveRestore} busy={restore.isPending} onClick={() => restore.mutate()}>
                <Trans>Restore</Trans>
              </Button>
            ) : (
              <Confirm
                trigger={
                  <Button icon={Archive}>
                    <Trans>Archive</Trans>
                  </Button>
                }
                title={t`Archive ${name}?`}
                action={t`Archive event type`}
                onConfirm={() => archive.mutateAsync()}
              >
                <p>
                  <Trans>
                    New events of this type will be rejected. Events already accepted will still be delivered.
                  </Trans>
                </p>
                <p>
                  {subscribers.length === 0
                    ? t`No endpoint is subscribed to it.`
                    : plural(subscribers.length, {
                        one: '# endpoint is subscribed to it.',
                        other: '# endpoints are subscribed to it.',
                      })}
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
              <Fact name={t`Required capabilities`}>{requires.join(', ')}</Fact>
            </Facts>
          </Card>
        )}
        <Card title={t`Fields`}>
          {schema ? (
            <FieldTable schema={schema} />
          ) : (
            <p className="muted">
              <Trans>No schema. Any object is accepted.</Trans>
            </p>
          )}
        </Card>
        {eventType.searchKeys.length > 0 && (
          <Card title={t`Search keys`}>
            <ul className="row" aria-label={t`Search keys`}>
              {eventType.searchKeys.map((key) => (
                <li key={key}>
                  <code>{key}</code>
                </li>
              ))}
            </ul>
          </Card>
        )}
        <Card title={t`Sample`}>
          {sample === null ? (
            <p className="muted">
              <Trans>No sample</Trans>
            </p>
          ) : (
            <CodeBlock label={t`Sample`} text={formatJson(sample, 2)} />
          )}
        </Card>
        <Versions eventType={eventType} />
        <Subscribers subscribers={subscribers} />
        {schema && (
          <Card title={t`JSON Schema`}>
            <CodeBlock label={t`JSON Schema`} text={formatJson(schema, 2)} />
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
    <Card title={t`Versions`}>
      <ul className="stack-s">
        {versions.map((type, index) => (
          <li key={type.name} className="row">
            {type.name === name ? (
              <strong>{type.name}</strong>
            ) : (
              <Link to={`/catalog/${encodeURIComponent(type.name)}`}>{type.name}</Link>
            )}
            {index === 0 && (
              <Badge tone="ok">
                <Trans>latest</Trans>
              </Badge>
            )}
            {type.archived && (
              <Badge>
                <Trans>archived</Trans>
              </Badge>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

const SUBSCRIBER_COLUMNS: FigureColumn<Subscription>[] = [
  {
    header: t`Endpoint`,
    grow: true,
    cell: ({ id, name, customerId }) => (
      <>
        <Link to={`/endpoints/${id}`}>{name}</Link>
        <div className="muted truncate">{customerId}</div>
      </>
    ),
  },
  {
    header: t`Event types`,
    wide: true,
    cell: ({ eventTypes }) => <code className="muted">{eventTypes.join(', ')}</code>,
  },
  { header: t`Status`, cell: ({ status }) => <StatusBadge status={status} /> },
];

function Subscribers({ subscribers }: { subscribers: Subscription[] }) {
  return (
    <Card title={t`Subscribers`} flush={subscribers.length > 0}>
      {subscribers.length === 0 ? (
        <Empty title={t`No subscribers`}>
          <Trans>Endpoints appear here once they select this type, or a pattern that matches it.</Trans>
        </Empty>
      ) : (
        <FigureTable label={t`Subscribers`} columns={SUBSCRIBER_COLUMNS} rows={subscribers} rowId={({ id }) => id} />
      )}
    </Card>
  );
}
