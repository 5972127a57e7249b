import { KeyRound, Printer } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Customer, EventType, Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { describeRetries, utc } from '../../ui/time';
import { receives } from '../endpoints/shared/event-types';
import { FORMATS } from '../endpoints/shared/formats';
import { FieldTable } from '../catalog/field-table';
import styles from './hand-over.module.css';

/**
 * A printable sheet for the customer's developers. It never holds the secret, only a one-time link
 * to it.
 */
export function HandOver({
  endpoint,
  customer,
  types,
}: {
  endpoint: Subscription;
  customer: Customer;
  types: EventType[];
}) {
  const link = useAction(
    () => api.post<{ url: string; expiresAt: string }>(at`/v1/subscriptions/${endpoint.id}/secret/link`),
    { invalidate: [] },
  );
  const sent = types.filter(({ name }) => receives(endpoint.eventTypes, name));
  return (
    <div className="stack">
      <div className={`row ${styles.tools}`}>
        <Button icon={KeyRound} busy={link.isPending} onClick={() => link.mutate()}>
          Create secret link
        </Button>
        <Button icon={Printer} onClick={() => window.print()}>
          Print
        </Button>
      </div>
      <article className={styles.sheet} aria-label="Hand-over sheet">
        <h2>Webhooks for {customer.name}</h2>
        <p>
          We send each notification as an HTTP {endpoint.method} request in {FORMATS[endpoint.format].title} format to{' '}
          <code className="wrap-anywhere">{endpoint.url}</code>. Respond with any 2xx status within{' '}
          {endpoint.timeoutSeconds} seconds. {describeRetries(endpoint.retrySchedule ?? customer.retrySchedule)}
        </p>
        <h3>Signing secret</h3>
        {link.data ? (
          <>
            <CodeBlock label="Secret link" text={link.data.url} />
            <p>The link can be opened once, until {utc(link.data.expiresAt)}.</p>
          </>
        ) : (
          <p>You receive it through a link that can be opened once.</p>
        )}
        <h3>Verifying requests</h3>
        <p>
          Every request carries the Standard Webhooks headers webhook-id, webhook-timestamp and webhook-signature. Most
          languages have a library that verifies them. Every retry has the same webhook-id, so you can discard
          duplicates.
        </p>
        {sent.map(({ name, description, schema, sample }) => (
          <section key={name} className="stack-s">
            <h3>{name}</h3>
            {description && <p>{description}</p>}
            {schema && <FieldTable schema={schema} />}
            {sample != null && <CodeBlock label={`Sample of ${name}`} text={JSON.stringify(sample, null, 2)} />}
          </section>
        ))}
      </article>
    </div>
  );
}
