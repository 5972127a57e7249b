import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Pencil, Radio, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { api, at } from '../../api/client';
import { useList } from '../../api/lists';
import { isNotFound } from '../../api/problem';
import { useAction, useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { PlayInbox, PlayRequestSummary } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { ResponseBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
import { CopyButton } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { useDrawer } from '../../ui/filters';
import { LongText } from '../../ui/long-text';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Empty, Loaded } from '../../ui/states';
import { ExactTime, TimeCell } from '../../ui/time';
import { CustomerName } from '../shared/customer-name';
import { useStableRows } from '../shared/use-stable-rows';
import { AnswerDialog } from './answer-dialog';
import { answerText } from './answer-text';
import { NewInbox } from './inbox-dialog';
import { InboxEndpoints } from './inbox-endpoints';
import { RequestDrawer } from './request-drawer';
import { SignatureBadge } from './signature-badge';

const REFRESH_MS = 2000;

/** One inbox: its URL, its answer, and the requests that it captured, as they arrive. */
export function Inbox() {
  const { id = '' } = useParams();
  const can = usePermissions();
  const query = useRead<PlayInbox>(at`/v1/play-inboxes/${id}`, {}, { placeholderData: undefined });
  const requests = useRequests(id);
  // The requests are read all the time, so they notice first that somebody deleted the inbox.
  const { data, error, refetch } = query;
  const known = { data, error: isNotFound(requests.error) ? requests.error : error, refetch };
  const subject = {
    one: t`Inbox`,
    all: { text: t`All inboxes`, to: '/play' },
    more: can.manageEndpoints && <NewInbox />,
  };
  return (
    <Loaded query={known} subject={subject}>
      {(inbox) => <InboxScreen key={id} inbox={inbox} />}
    </Loaded>
  );
}

const rowId = ({ id }: PlayRequestSummary) => id;

const useRequests = (inboxId: string) =>
  useList<PlayRequestSummary>(at`/v1/play-inboxes/${inboxId}/requests`, {}, { refetchMs: REFRESH_MS });

function InboxScreen({ inbox }: { inbox: PlayInbox }) {
  const can = usePermissions();
  const [answering, setAnswering] = useState(false);
  return (
    <>
      <PageHead title={inbox.name} crumbs={[{ text: t`Play`, to: '/play' }]}>
        {can.manageEndpoints && (
          <>
            <Button icon={Pencil} onClick={() => setAnswering(true)}>
              <Trans>Change answer</Trans>
            </Button>
            <DeleteInbox inbox={inbox} />
          </>
        )}
      </PageHead>
      <div className="stack">
        <Card title={t`Inbox`}>
          <Facts>
            <Fact name={t`URL`}>
              <LongText text={inbox.url} copies={inbox.url} label={t`Copy the URL`} />
            </Fact>
            <Fact name={t`Answers`}>{answerText(inbox.answer)}</Fact>
            <Fact name={t`Endpoint`}>
              <InboxEndpoints inbox={inbox} />
            </Fact>
            {!can.isCustomer && (
              <Fact name={t`Customer`}>
                <CustomerName id={inbox.customerId} />
              </Fact>
            )}
            <Fact name={t`Kept until`}>
              <ExactTime at={inbox.expiresAt} />
            </Fact>
          </Facts>
        </Card>
        <Requests inbox={inbox} />
      </div>
      {answering && <AnswerDialog inbox={inbox} onClose={() => setAnswering(false)} />}
    </>
  );
}

function Requests({ inbox }: { inbox: PlayInbox }) {
  const drawer = useDrawer('request');
  const list = useStableRows(useRequests(inbox.id), { view: inbox.id, busy: drawer.id !== null, rowId });
  const example = `curl -d '{"hello":"world"}' ${inbox.url}`;
  return (
    <Card title={t`Requests`} flush>
      <DataTable
        label={t`Requests`}
        list={list}
        columns={columnsOf(drawer.show)}
        rowId={rowId}
        onOpen={({ id }) => drawer.show(id)}
        empty={
          <Empty icon={Radio} title={t`Waiting for the first request`}>
            <div className="stack-s">
              <p>
                <Trans>Requests appear here as they arrive. Send one from an endpoint, or with curl.</Trans>
              </p>
              <div>
                <CopyButton text={example} label={t`Copy a curl command`}>
                  {t`Copy a curl command`}
                </CopyButton>
              </div>
            </div>
          </Empty>
        }
      />
      <RequestDrawer id={drawer.id} onClose={drawer.close} />
    </Card>
  );
}

function columnsOf(open: (id: string) => void): Column<PlayRequestSummary>[] {
  return [
    {
      header: t`Request`,
      grow: true,
      cell: (request) => (
        <>
          <button type="button" className="link-button" onClick={() => open(request.id)}>
            {request.method}
          </button>
          <div className="muted truncate">{request.eventId ?? (request.query && `?${request.query}`)}</div>
        </>
      ),
    },
    {
      header: t`Signature`,
      width: 150,
      narrow: 120,
      cell: (request) => <SignatureBadge status={request.signature.status} />,
    },
    {
      header: t`Answer`,
      width: 120,
      wide: true,
      cell: (request) => <ResponseBadge status={request.responseStatus} />,
    },
    {
      header: t`Size`,
      width: 110,
      roomy: true,
      align: 'end',
      cell: (request) => t`${formatNumber(request.bodyBytes)} B`,
    },
    {
      header: t`Received`,
      width: 172,
      narrow: 104,
      cell: (request) => <TimeCell at={request.at} />,
    },
  ];
}

function DeleteInbox({ inbox: { id, name } }: { inbox: PlayInbox }) {
  const navigate = useNavigate();
  const remove = useAction(() => api.delete(at`/v1/play-inboxes/${id}`), {
    done: t`Inbox deleted`,
    invalidate: ['/v1/play-inboxes'],
  });
  return (
    <Confirm
      trigger={
        <Button icon={Trash2}>
          <Trans>Delete</Trans>
        </Button>
      }
      title={t`Delete ${name}?`}
      action={t`Delete`}
      onConfirm={async () => {
        await remove.mutateAsync();
        void navigate('/play', { replace: true });
      }}
    >
      <p>
        <Trans>Its requests are deleted too. Endpoints with its URL get 404 from now on.</Trans>
      </p>
    </Confirm>
  );
}
