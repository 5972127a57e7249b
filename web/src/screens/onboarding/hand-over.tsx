import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { KeyRound, Printer } from 'lucide-react';
import { useState } from 'react';
import { formatJson } from '../../api/exact-json';
import { useAction, useChoices } from '../../api/queries';
import type { Customer, EventType, Product, Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/copy';
import { describeRetries, utc } from '../../ui/time';
import { FieldTable } from '../catalog/field-table';
import { receives } from '../endpoints/shared/event-types';
import { FORMATS } from '../endpoints/shared/formats';
import { createSecretLink, type SecretLink } from '../shared/secret-link';
import styles from './hand-over.module.css';

/**
 * A printable sheet for the customer's developers, for all of the customer's endpoints. It never
 * holds a secret, only a one-time link to each.
 */
export function HandOver({ customer, product, types }: { customer: Customer; product: Product; types: EventType[] }) {
  const endpoints = useChoices<Subscription>('/v1/subscriptions', { customerId: customer.id }).filter(
    ({ productId }) => productId === null || productId === product.id,
  );
  // By endpoint, so that no link can stand under another one.
  const [links, setLinks] = useState<Record<string, SecretLink>>({});
  const addLinks = (added: Record<string, SecretLink>) => setLinks((before) => ({ ...before, ...added }));
  const missing = endpoints.filter(({ id }) => !links[id]);
  const createAll = useAction(
    async () => {
      for (const { id } of missing) addLinks({ [id]: await createSecretLink(id) });
    },
    { invalidate: [] },
  );
  const sent = types.filter(({ name }) => endpoints.some(({ eventTypes }) => receives(eventTypes, name)));
  return (
    <div className="stack">
      <div className={`row ${styles.tools}`}>
        <Button icon={Printer} onClick={() => window.print()}>
          <Trans>Print</Trans>
        </Button>
        {missing.length > 1 && (
          <Button icon={KeyRound} busy={createAll.isPending} onClick={() => createAll.mutate()}>
            <Trans>Create all secret links</Trans>
          </Button>
        )}
      </div>
      <article className={styles.sheet} aria-label={t`Hand-over sheet`}>
        <h2>
          <Trans>Webhooks for {customer.name}</Trans>
        </h2>
        {endpoints.map((endpoint) => (
          <EndpointSection
            key={endpoint.id}
            endpoint={endpoint}
            customer={customer}
            link={links[endpoint.id]}
            onLink={(link) => addLinks({ [endpoint.id]: link })}
          />
        ))}
        <h3>
          <Trans>Verifying requests</Trans>
        </h3>
        <p>
          <Trans>
            Every request carries the Standard Webhooks headers webhook-id, webhook-timestamp and webhook-signature.
            Most languages have a library that verifies them. Every retry has the same webhook-id, so you can discard
            duplicates.
          </Trans>
        </p>
        <h3>
          <Trans>Event types</Trans>
        </h3>
        {sent.map(({ name, description, schema, sample }) => (
          <details key={name} className={styles.type}>
            <summary>
              <code>{name}</code> {description && <span className="muted">{description}</span>}
            </summary>
            <div className="stack-s">
              {schema && <FieldTable schema={schema} />}
              {sample != null && <CodeBlock label={t`Sample of ${name}`} text={formatJson(sample, 2)} />}
            </div>
          </details>
        ))}
      </article>
    </div>
  );
}

function EndpointSection({
  endpoint,
  customer,
  link,
  onLink,
}: {
  endpoint: Subscription;
  customer: Customer;
  link: SecretLink | undefined;
  onLink(link: SecretLink): void;
}) {
  const { id, name, url, method, format, timeoutSeconds, retrySchedule } = endpoint;
  const create = useAction(() => createSecretLink(id), { invalidate: [] });
  return (
    <section className="stack-s" aria-label={name}>
      <h3>{name}</h3>
      <p>
        <Trans>
          We send each notification as an HTTP {method} request in {FORMATS[format].title} format to{' '}
          <code className="wrap-anywhere">{url}</code>. Respond with any 2xx status within {timeoutSeconds} seconds.{' '}
          {describeRetries(retrySchedule ?? customer.retrySchedule)}
        </Trans>
      </p>
      {link ? (
        <>
          <CodeBlock label={t`Secret link of ${name}`} text={link.url} />
          <p>
            <Trans>The link shows the signing secret. It can be opened once, until {utc(link.expiresAt)}.</Trans>
          </p>
        </>
      ) : (
        <p>
          <Trans>You receive the signing secret through a link that can be opened once.</Trans>
        </p>
      )}
      <div className={styles.tools}>
        <Button icon={KeyRound} busy={create.isPending} onClick={() => create.mutate(undefined, { onSuccess: onLink })}>
          {link ? t`Create another secret link` : t`Create secret link`}
        </Button>
      </div>
    </section>
  );
}
