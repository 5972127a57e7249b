import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { at } from '../../api/client';
import { useRead } from '../../api/queries';
import type { PlayRequest } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { ResponseBadge } from '../../ui/badge';
import { CodeBlock, indentJson } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { LocalTabs } from '../../ui/tabs';
import { ExactTime } from '../../ui/time';
import { headerLines } from '../logs/attempt-content';
import { SignatureBadge } from './signature-badge';
import { EndpointName } from '../shared/endpoint-name';

/** A captured request. @param id - null: closed */
export function RequestDrawer({ id, onClose }: { id: string | null; onClose(): void }) {
  return (
    <Drawer open={id !== null} onClose={onClose} title={t`Captured request`} rowId={id}>
      {id && <Content key={id} id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const query = useRead<PlayRequest>(
    at`/v1/play-requests/${id}`,
    {},
    { staleTime: Infinity, placeholderData: undefined },
  );
  return (
    <Loaded query={query} subject={{ one: t`Request` }}>
      {(request) => <Detail request={request} />}
    </Loaded>
  );
}

function Detail({ request }: { request: PlayRequest }) {
  const { signature, eventId, notificationId, subscriptionId, body, bodyBytes } = request;
  return (
    <div className="stack">
      <div className="stack-s">
        <div className="row">
          <strong>{request.method}</strong>
          <SignatureBadge status={signature.status} />
          <ResponseBadge status={request.responseStatus} />
        </div>
        <p className="wrap-anywhere">{signature.detail}</p>
      </div>
      <Facts>
        <Fact name={t`Received`}>
          <ExactTime at={request.at} />
        </Fact>
        {subscriptionId && (
          <Fact name={t`Endpoint`}>
            <EndpointName id={subscriptionId} />
          </Fact>
        )}
        {notificationId && (
          <Fact name={t`Notification`}>
            <Link to={`/logs?open=${notificationId}`}>{notificationId}</Link>
          </Fact>
        )}
        {eventId && (
          <Fact name={t`Event`}>
            <Link to={`/logs?tab=events&event=${eventId}`}>{eventId}</Link>
          </Fact>
        )}
        {request.query && <Fact name={t`Query`}>{request.query}</Fact>}
      </Facts>
      <LocalTabs
        label={t`Request`}
        first={t`body`}
        tabs={[
          {
            id: t`body`,
            title: t`Body`,
            content: body ? (
              <div className="stack-s">
                <CodeBlock label={t`Request body`} text={indentJson(body)} />
                {request.bodyTruncated && (
                  <p className="muted">
                    <Trans>Only the start of {formatNumber(bodyBytes)} bytes is stored.</Trans>
                  </p>
                )}
              </div>
            ) : (
              <p className="muted">
                <Trans>No body</Trans>
              </p>
            ),
          },
          {
            id: 'headers',
            title: t`Headers`,
            content: <CodeBlock label={t`Request headers`} text={headerLines(request.headers)} />,
          },
        ]}
      />
    </div>
  );
}
