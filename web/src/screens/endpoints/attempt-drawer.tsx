import { Link } from 'react-router';
import { useRead } from '../../api/queries';
import type { AttemptDetail } from '../../api/types';
import { ResponseBadge } from '../../ui/badge';
import { CodeBlock, laidOut } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { sayMilliseconds, Time } from '../../ui/time';

/** One attempt: what was sent, and what came back. @param id - null: closed */
export function AttemptDrawer({ id, onClose }: { id: string | null; onClose(): void }) {
  return (
    <Drawer open={id !== null} onClose={onClose} title="Attempt">
      {id && <Attempt id={id} />}
    </Drawer>
  );
}

function Attempt({ id }: { id: string }) {
  const query = useRead<AttemptDetail>(`/v1/attempts/${id}`, {}, { placeholderData: undefined });
  return (
    <Loaded query={query}>
      {(attempt) => (
        <div className="stack">
          <Facts>
            <Fact name="Outcome">
              <ResponseBadge status={attempt.status} errorClass={attempt.error?.class} />
            </Fact>
            <Fact name="Started">
              <Time at={attempt.startedAt} />
            </Fact>
            <Fact name="Took">{sayMilliseconds(attempt.durationMs)}</Fact>
            <Fact name="Number">
              {attempt.number}, {attempt.trigger}
            </Fact>
          </Facts>
          {attempt.error && <p className="notice notice-bad wrap-anywhere">{attempt.error.message}</p>}
          <p>
            <Link to={`/logs?open=${attempt.notificationId}`}>The whole notification</Link>
          </p>
          <h3>Request</h3>
          <CodeBlock
            label="Request"
            text={`${attempt.request.method} ${attempt.request.url}\n${headerLines(attempt.request.headers)}`}
          />
          {attempt.request.body !== null && <CodeBlock label="Request body" text={laidOut(attempt.request.body)} />}
          <h3>Response</h3>
          {attempt.response ? (
            <>
              <CodeBlock
                label="Response"
                text={`HTTP ${attempt.response.status}\n${headerLines(attempt.response.headers)}`}
              />
              {attempt.response.body !== '' && (
                <CodeBlock label="Response body" text={laidOut(attempt.response.body)} />
              )}
              {attempt.response.truncated && <p className="muted">Only its beginning is kept.</p>}
            </>
          ) : (
            <p className="muted">There was none.</p>
          )}
        </div>
      )}
    </Loaded>
  );
}

const headerLines = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
