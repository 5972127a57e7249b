import { useRead } from '../../api/queries';
import type { AttemptDetail } from '../../api/types';
import { CodeBlock, CopyButton, indentJson } from '../../ui/copy';
import { Loaded } from '../../ui/states';
import { formatMilliseconds } from '../../ui/time';
import { asCurl } from './curl';
import { adviceFor } from './explain';

/** An attempt's request and response, with advice if it failed. */
export function AttemptContent({ id }: { id: string }) {
  const query = useRead<AttemptDetail>(`/v1/attempts/${id}`, {}, { staleTime: Infinity });
  return <Loaded query={query}>{(attempt) => <AttemptParts attempt={attempt} />}</Loaded>;
}

/** The same for an attempt that is already loaded. */
export function AttemptParts({ attempt }: { attempt: AttemptDetail }) {
  const { error, request, response, durationMs } = attempt;
  const advice = error && adviceFor(error);
  return (
    <div className="stack">
      {advice && (
        <div className="notice notice-bad">
          <p>
            <strong>{advice.what}</strong> <span className="wrap-anywhere">({error.message})</span>
          </p>
          <p>{advice.todo}</p>
        </div>
      )}
      <div className="row spread">
        <h3>Request</h3>
        <CopyButton text={asCurl(attempt)} label="Copy as curl">
          Copy as curl
        </CopyButton>
      </div>
      <CodeBlock label="Request" text={`${request.method} ${request.url}\n${headerLines(request.headers)}`} />
      {request.body ? (
        <CodeBlock label="Request body" text={indentJson(request.body)} />
      ) : (
        <p className="muted">
          {attempt.payloadExpired ? 'Headers and bodies were removed because their retention is over.' : 'No body'}
        </p>
      )}
      <h3>Response after {formatMilliseconds(durationMs)}</h3>
      {response ? (
        <>
          <CodeBlock label="Response" text={`HTTP ${response.status}\n${headerLines(response.headers)}`} />
          {response.body && <CodeBlock label="Response body" text={indentJson(response.body)} />}
          {response.truncated && <p className="muted">Only the first 16 KiB are stored.</p>}
        </>
      ) : (
        <p className="muted">No response</p>
      )}
    </div>
  );
}

const headerLines = (headers: Record<string, string>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
