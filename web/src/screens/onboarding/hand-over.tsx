import { KeyRound, Printer } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Customer, EventType, Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { saySchedule, utc } from '../../ui/time';
import { receives } from '../endpoints/shared/event-types';
import { FieldTable } from '../catalog/field-table';
import styles from './hand-over.module.css';

/** What the customer's developers need, on a sheet that can be printed; the secret goes by a link that shows it once. */
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
          Make a link to the secret
        </Button>
        <Button icon={Printer} onClick={() => window.print()}>
          Print the sheet
        </Button>
      </div>
      <article className={styles.sheet} aria-label="Sheet for the customer">
        <h2>Webhooks for {customer.name}</h2>
        <p>
          We send each notification by HTTP {endpoint.method} to <code className="wrap-anywhere">{endpoint.url}</code>,
          in format {endpoint.format}. Answer with any 2xx within {endpoint.timeoutSeconds} seconds. What fails is
          repeated {saySchedule(endpoint.retrySchedule ?? customer.retrySchedule)}.
        </p>
        <h3>The secret</h3>
        {link.data ? (
          <>
            <CodeBlock label="Link to the secret" text={link.data.url} />
            <p>It shows the secret once, until {utc(link.data.expiresAt)}.</p>
          </>
        ) : (
          <p>It comes by a link that shows it once.</p>
        )}
        <h3>Checking that it is us</h3>
        <p>
          Every request carries webhook-id, webhook-timestamp and webhook-signature as the Standard Webhooks have them:
          a library for your language checks them. webhook-id stays the same in every repetition, so that you can tell
          what you have already.
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
