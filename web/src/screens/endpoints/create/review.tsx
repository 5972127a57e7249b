import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Pencil } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../../../ui/button';
import { CodeBlock } from '../../../ui/copy';
import { Fact, Facts } from '../../../ui/page';
import { formatSchedule } from '../../../ui/time';
import { Chips } from '../shared/chips';
import type { Draft } from '../shared/draft';
import styles from '../shared/endpoints.module.css';
import { AUTH_TITLES } from '../fields/auth';
import { FORMATS } from '../shared/formats';
import { tlsOf } from '../shared/access-draft';
import type { StepId } from './steps';

/** Summarizes the draft by step, each with a button back to it. */
export function Review({ draft, onEdit }: { draft: Draft; onEdit(step: StepId): void }) {
  const part = (id: StepId, title: string, children: ReactNode) => (
    <section className={styles.part} aria-label={title}>
      <header className="row-nowrap spread">
        <h3>{title}</h3>
        <Button variant="ghost" small icon={Pencil} label={t`Edit ${title.toLowerCase()}`} onClick={() => onEdit(id)}>
          <Trans>Edit</Trans>
        </Button>
      </header>
      {children}
    </section>
  );
  const headers = draft.headers.filter(({ name }) => name.trim());
  return (
    <div>
      {part(
        'general',
        t`General`,
        <Facts>
          <Fact name={t`Name`}>{draft.name}</Fact>
          <Fact name={t`Customer`}>{draft.customerId}</Fact>
          <Fact name={t`Product`}>
            {draft.productId || (
              <span className="muted">
                <Trans>same as the customer</Trans>
              </span>
            )}
          </Fact>
          <Fact name={t`Enabled`}>{draft.enabled ? t`Yes` : t`No. Notifications are held.`}</Fact>
          {draft.description && <Fact name={t`Description`}>{draft.description}</Fact>}
        </Facts>,
      )}
      {part('types', t`Event types`, <Chips label={t`Event types`} items={draft.eventTypes} />)}
      {part(
        'http',
        t`HTTP settings`,
        <Facts>
          <Fact name={t`URL`}>
            <code>
              {draft.method} {draft.url}
            </code>
          </Fact>
          <Fact name={t`Format`}>{FORMATS[draft.format].title}</Fact>
          <Fact name={t`Secret`}>{draft.secret === null ? t`Generated` : t`Custom`}</Fact>
          <Fact name={t`Authentication`}>{AUTH_TITLES[draft.auth.type]}</Fact>
          {tlsOf(draft.tls) && (
            <Fact name={t`TLS`}>
              <Trans>Own credentials</Trans>
            </Fact>
          )}
          <Fact name={t`Retries`}>
            {draft.retrySchedule === null ? t`Customer default` : formatSchedule(draft.retrySchedule)}
          </Fact>
          <Fact name={t`Timeout`}>
            <Trans>{draft.timeoutSeconds} s</Trans>
          </Fact>
          <Fact name={t`Rate limit`}>
            {draft.rateLimitPerSecond ? t`${draft.rateLimitPerSecond} per second` : t`None`}
          </Fact>
          {headers.length > 0 && (
            <Fact name={t`Headers`}>
              {headers.map(({ name, value }) => (
                <div key={name}>
                  <code>
                    {name}: {value}
                  </code>
                </div>
              ))}
            </Fact>
          )}
        </Facts>,
      )}
      {part(
        'channels',
        t`Channels`,
        <Chips label={t`Channels`} items={draft.channels} empty={t`None. It receives every event of its types.`} />,
      )}
      {part(
        'data',
        t`Custom data`,
        <div className="stack-s">
          {draft.format === 'trigger' ? (
            <CodeBlock label={t`Custom data`} text={draft.customData} />
          ) : (
            <p className="muted">
              <Trans>Not sent in this format</Trans>
            </p>
          )}
          {draft.transform.trim() && <CodeBlock label={t`Transform`} text={draft.transform} />}
        </div>,
      )}
    </div>
  );
}
