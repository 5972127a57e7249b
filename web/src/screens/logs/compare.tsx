import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import type { Attempt, AttemptDetail } from '../../api/types';
import { indentJson } from '../../ui/copy';
import { Dialog } from '../../ui/dialog';
import { SelectField } from '../../ui/form';
import { Loaded } from '../../ui/states';
import { exactTime } from '../../ui/zone';
import { formatMilliseconds } from '../../ui/time';
import { headerLines, useAttempt } from './attempt-content';
import { changedLines, type Line } from './changed-lines';
import styles from './compare.module.css';

/** Two attempts beside each other, with the lines marked that differ. */
export function CompareAttempts({ attempts, onClose }: { attempts: readonly Attempt[]; onClose(): void }) {
  const [left, setLeft] = useState(attempts.at(-2)!.id);
  const [right, setRight] = useState(attempts.at(-1)!.id);
  const [one, other] = [useAttempt(left), useAttempt(right)];
  const both = {
    data: one.data && other.data && ([one.data, other.data] as const),
    error: one.error ?? other.error,
    refetch: () => (one.error ? one : other).refetch(),
  };
  return (
    <Dialog open wide onClose={onClose} title={t`Compare attempts`} description={t`Lines that differ are marked.`}>
      <div className={styles.pair}>
        <Choice label={t`Left`} attempts={attempts} value={left} onChange={setLeft} />
        <Choice label={t`Right`} attempts={attempts} value={right} onChange={setRight} />
      </div>
      <Loaded query={both} subject={{ one: t`Attempt` }}>
        {([first, second]) => (
          <div className="stack">
            {PARTS.map(({ title, text }) => (
              <Part key={title} title={title} left={text(first)} right={text(second)} />
            ))}
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

function Choice({
  label,
  attempts,
  value,
  onChange,
}: {
  label: string;
  attempts: readonly Attempt[];
  value: string;
  onChange(id: string): void;
}) {
  return (
    <SelectField label={label} value={value} onChange={onChange}>
      {attempts.map(({ id, number, startedAt }) => (
        <option key={id} value={id}>
          <Trans>
            Attempt {number}, {exactTime(startedAt)}
          </Trans>
        </option>
      ))}
    </SelectField>
  );
}

const PARTS: { title: string; text(attempt: AttemptDetail): string }[] = [
  {
    title: t`Result`,
    text: ({ response, error, durationMs }) =>
      [
        response ? `HTTP ${response.status}` : t`No response`,
        ...(error && error.class !== 'status' ? [error.message] : []),
        t`after ${formatMilliseconds(durationMs)}`,
      ].join('\n'),
  },
  { title: t`Response body`, text: ({ response }) => (response?.body ? indentJson(response.body) : '') },
  { title: t`Response headers`, text: ({ response }) => (response ? headerLines(response.headers) : '') },
  { title: t`Request`, text: ({ request: { method, url, headers } }) => `${method} ${url}\n${headerLines(headers)}` },
  { title: t`Request body`, text: ({ request }) => (request.body ? indentJson(request.body) : '') },
];

function Part({ title, left, right }: { title: string; left: string; right: string }) {
  if (left === '' && right === '') return null;
  const [one, other] = changedLines(left, right);
  const same = left === right;
  return (
    <section className="stack-s" aria-label={title}>
      <h3>
        {title}{' '}
        {same && (
          <span className="muted">
            <Trans>the same</Trans>
          </span>
        )}
      </h3>
      <div className={styles.pair}>
        <Side label={t`${title}, left`} lines={one} />
        <Side label={t`${title}, right`} lines={other} />
      </div>
    </section>
  );
}

function Side({ label, lines }: { label: string; lines: Line[] }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label} className={styles.side}>
        {lines.map(({ text, changed }, index) =>
          changed ? (
            <mark key={index} className={styles.changed}>
              {text}
              {'\n'}
            </mark>
          ) : (
            <span key={index}>
              {text}
              {'\n'}
            </span>
          ),
        )}
      </pre>
    </div>
  );
}
