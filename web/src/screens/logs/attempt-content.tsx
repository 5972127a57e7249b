import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
  return (
    <Loaded query={query} subject={{ one: t`Attempt` }}>
      {(attempt) => <AttemptParts attempt={attempt} />}
    </Loaded>
  );
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
        label={t`Attempt ${attempt.number}`}
        first={error ? 'response' : 'request'}
        actions={<CopyRequest attempt={attempt} />}
        tabs={[
          { id: 'response', title: t`Response`, content: <ResponsePart attempt={attempt} /> },
          { id: 'request', title: t`Request`, content: <RequestPart attempt={attempt} /> },
          { id: 'headers', title: t`Headers`, content: <HeadersPart attempt={attempt} /> },
        ]}
      />
    </div>
  );
}

function ResponsePart({ attempt: { response, durationMs } }: { attempt: AttemptDetail }) {
  if (!response)
    return (
      <p className="muted">
        <Trans>No response after {formatMilliseconds(durationMs)}</Trans>
      </p>
    );
  return (
    <div className="stack-s">
      <p>
        <Trans>
          <strong>HTTP {response.status}</strong> after {formatMilliseconds(durationMs)}
        </Trans>
      </p>
      {response.body ? (
        <CodeBlock label={t`Response body`} text={indentJson(response.body)} />
      ) : (
        <p className="muted">
          <Trans>No body</Trans>
        </p>
      )}
      {response.truncated && (
        <p className="muted">
          <Trans>Only the first 16 KiB are stored.</Trans>
        </p>
      )}
    </div>
  );
}

function RequestPart({ attempt: { request, payloadExpired } }: { attempt: AttemptDetail }) {
  return (
    <div className="stack-s">
      <CodeBlock label={t`Request`} text={`${request.method} ${request.url}`} />
      {request.body ? (
        <CodeBlock label={t`Request body`} text={indentJson(request.body)} />
      ) : (
        <p className="muted">
          {payloadExpired ? t`Headers and bodies were removed because their retention is over.` : t`No body`}
        </p>
      )}
    </div>
  );
}

function HeadersPart({ attempt: { request, response } }: { attempt: AttemptDetail }) {
  return (
    <div className="stack-s">
      <h3>
        <Trans>Request</Trans>
      </h3>
      <CodeBlock label={t`Request headers`} text={headerLines(request.headers)} />
      {response && (
        <>
          <h3>
            <Trans>Response</Trans>
          </h3>
          <CodeBlock label={t`Response headers`} text={headerLines(response.headers)} />
        </>
      )}
    </div>
  );
}

export const headerLines = (headers: Record<string, string>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
