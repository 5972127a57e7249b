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
        <Button variant="ghost" small icon={Pencil} label={`Edit ${title.toLowerCase()}`} onClick={() => onEdit(id)}>
          Edit
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
        'General',
        <Facts>
          <Fact name="Name">{draft.name}</Fact>
          <Fact name="Customer">{draft.customerId}</Fact>
          <Fact name="Product">{draft.productId || <span className="muted">same as the customer</span>}</Fact>
          <Fact name="Enabled">{draft.enabled ? 'Yes' : 'No. Notifications are held.'}</Fact>
          {draft.description && <Fact name="Description">{draft.description}</Fact>}
        </Facts>,
      )}
      {part('types', 'Event types', <Chips label="Event types" items={draft.eventTypes} />)}
      {part(
        'http',
        'HTTP settings',
        <Facts>
          <Fact name="URL">
            <code>
              {draft.method} {draft.url}
            </code>
          </Fact>
          <Fact name="Format">{FORMATS[draft.format].title}</Fact>
          <Fact name="Secret">{draft.secret === null ? 'Generated' : 'Custom'}</Fact>
          <Fact name="Authentication">{AUTH_TITLES[draft.auth.type]}</Fact>
          {tlsOf(draft.tls) && <Fact name="TLS">Own credentials</Fact>}
          <Fact name="Retries">
            {draft.retrySchedule === null ? 'Customer default' : formatSchedule(draft.retrySchedule)}
          </Fact>
          <Fact name="Timeout">{draft.timeoutSeconds} s</Fact>
          <Fact name="Rate limit">{draft.rateLimitPerSecond ? `${draft.rateLimitPerSecond} per second` : 'None'}</Fact>
          {headers.length > 0 && (
            <Fact name="Headers">
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
        'Channels',
        <Chips label="Channels" items={draft.channels} empty="None. It receives every event of its types." />,
      )}
      {part(
        'data',
        'Custom data',
        <div className="stack-s">
          {draft.format === 'trigger' ? (
            <CodeBlock label="Custom data" text={draft.customData} />
          ) : (
            <p className="muted">Not sent in this format</p>
          )}
          {draft.transform.trim() && <CodeBlock label="Transform" text={draft.transform} />}
        </div>,
      )}
    </div>
  );
}
