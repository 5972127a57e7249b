import { useRead } from '../../api/queries';
import type { AttemptDetail } from '../../api/types';
import { CodeBlock, indentJson } from '../../ui/copy';
import { LocalTabs } from '../../ui/tabs';
import { Loaded } from '../../ui/states';
import { formatMilliseconds } from '../../ui/time';
import { CopyRequest } from './copy-request';
import { adviceFor } from './explain';

/** An attempt's request and response, with advice if it failed. */
export function AttemptContent({ id }: { id: string }) {
  const query = useAttempt(id);
  return <Loaded query={query}>{(attempt) => <AttemptParts attempt={attempt} />}</Loaded>;
}

/** Reads an attempt, which never changes. */
export function useAttempt(id: string) {
  return useRead<AttemptDetail>(`/v1/attempts/${id}`, {}, { staleTime: Infinity, placeholderData: undefined });
}

/** The same for an attempt that is already loaded. The response comes first: it says why. */
export function AttemptParts({ attempt }: { attempt: AttemptDetail }) {
  const { error } = attempt;
  const advice = error && adviceFor({ error, status: attempt.status });
  return (
    <div className="stack">
      {advice && (
        <div className="notice notice-bad">
          <p>
            <strong>{advice.what}</strong>{' '}
            {error.class !== 'status' && <span className="wrap-anywhere">({error.message})</span>}
          </p>
          <p>{advice.todo}</p>
        </div>
      )}
      <LocalTabs
        label={`Attempt ${attempt.number}`}
        first={error ? 'response' : 'request'}
        actions={<CopyRequest attempt={attempt} />}
        tabs={[
          { id: 'response', title: 'Response', content: <ResponsePart attempt={attempt} /> },
          { id: 'request', title: 'Request', content: <RequestPart attempt={attempt} /> },
          { id: 'headers', title: 'Headers', content: <HeadersPart attempt={attempt} /> },
        ]}
      />
    </div>
  );
}

function ResponsePart({ attempt: { response, durationMs } }: { attempt: AttemptDetail }) {
  if (!response) return <p className="muted">No response after {formatMilliseconds(durationMs)}</p>;
  return (
    <div className="stack-s">
      <p>
        <strong>HTTP {response.status}</strong> after {formatMilliseconds(durationMs)}
      </p>
      {response.body ? (
        <CodeBlock label="Response body" text={indentJson(response.body)} />
      ) : (
        <p className="muted">No body</p>
      )}
      {response.truncated && <p className="muted">Only the first 16 KiB are stored.</p>}
    </div>
  );
}

function RequestPart({ attempt: { request, payloadExpired } }: { attempt: AttemptDetail }) {
  return (
    <div className="stack-s">
      <CodeBlock label="Request" text={`${request.method} ${request.url}`} />
      {request.body ? (
        <CodeBlock label="Request body" text={indentJson(request.body)} />
      ) : (
        <p className="muted">
          {payloadExpired ? 'Headers and bodies were removed because their retention is over.' : 'No body'}
        </p>
      )}
    </div>
  );
}

function HeadersPart({ attempt: { request, response } }: { attempt: AttemptDetail }) {
  return (
    <div className="stack-s">
      <h3>Request</h3>
      <CodeBlock label="Request headers" text={headerLines(request.headers)} />
      {response && (
        <>
          <h3>Response</h3>
          <CodeBlock label="Response headers" text={headerLines(response.headers)} />
        </>
      )}
    </div>
  );
}

export const headerLines = (headers: Record<string, string>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
