import { Link } from 'react-router';
import { at } from '../../api/client';
import { useRead } from '../../api/queries';
import type { PlayRequest } from '../../api/types';
import { ResponseBadge } from '../../ui/badge';
import { CodeBlock, indentJson } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { LocalTabs } from '../../ui/tabs';
import { ExactTime } from '../../ui/time';
import { headerLines } from '../logs/attempt-content';
import { SignatureBadge } from './signature-badge';

/** A captured request. @param id - null: closed */
export function RequestDrawer({ id, onClose }: { id: string | null; onClose(): void }) {
  return (
    <Drawer open={id !== null} onClose={onClose} title="Captured request" rowId={id}>
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
  return <Loaded query={query}>{(request) => <Detail request={request} />}</Loaded>;
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
        <Fact name="Received">
          <ExactTime at={request.at} />
        </Fact>
        {subscriptionId && (
          <Fact name="Endpoint">
            <Link to={`/endpoints/${subscriptionId}`}>{subscriptionId}</Link>
          </Fact>
        )}
        {notificationId && (
          <Fact name="Notification">
            <Link to={`/logs?open=${notificationId}`}>{notificationId}</Link>
          </Fact>
        )}
        {eventId && (
          <Fact name="Event">
            <Link to={`/logs?tab=events&event=${eventId}`}>{eventId}</Link>
          </Fact>
        )}
        {request.query && <Fact name="Query">{request.query}</Fact>}
      </Facts>
      <LocalTabs
        label="Request"
        first="body"
        tabs={[
          {
            id: 'body',
            title: 'Body',
            content: body ? (
              <div className="stack-s">
                <CodeBlock label="Request body" text={indentJson(body)} />
                {request.bodyTruncated && (
                  <p className="muted">Only the start of {bodyBytes.toLocaleString('en')} bytes is stored.</p>
                )}
              </div>
            ) : (
              <p className="muted">No body</p>
            ),
          },
          {
            id: 'headers',
            title: 'Headers',
            content: <CodeBlock label="Request headers" text={headerLines(request.headers)} />,
          },
        ]}
      />
    </div>
  );
}
