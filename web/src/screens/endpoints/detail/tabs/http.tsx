import { Pencil } from 'lucide-react';
import { usePermissions } from '../../../../api/session';
import type { Subscription } from '../../../../api/types';
import { ButtonLink } from '../../../../ui/button';
import { CopyButton } from '../../../../ui/copy';
import { Card, Fact, Facts } from '../../../../ui/page';
import { formatDuration, formatSchedule } from '../../../../ui/time';
import { AUTH_TITLES } from '../../fields/auth';
import { FORMATS } from '../../shared/formats';
import { useCustomer } from '../../../shared/use-customer';

function tlsSummary(tls: Subscription['tls']) {
  const parts = [tls?.clientCertificate && 'Client certificate', tls?.caCertificate && 'Own certificate authority'];
  const given = parts.filter(Boolean).join(', ');
  return given || <span className="muted">Default</span>;
}

export function HttpTab({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const customer = useCustomer(subscription.customerId);
  const schedule = subscription.retrySchedule ?? customer?.retrySchedule;
  const headers = Object.entries(subscription.headers);
  return (
    <Card
      title="HTTP settings"
      actions={
        can.manageEndpoints && (
          <ButtonLink small icon={Pencil} to={`/endpoints/${subscription.id}/edit`}>
            Edit
          </ButtonLink>
        )
      }
    >
      <div className="stack">
        <Facts>
          <Fact name="URL">
            <span className="row-nowrap">
              <code>{subscription.url}</code>
              <CopyButton text={subscription.url} label="Copy URL" />
            </span>
          </Fact>
        </Facts>
        <Facts>
          <Fact name="Method">{subscription.method}</Fact>
          <Fact name="Format">
            {FORMATS[subscription.format].title}
            <p className="field-hint">{FORMATS[subscription.format].about}</p>
          </Fact>
          <Fact name="Timeout">{formatDuration(subscription.timeoutSeconds)}</Fact>
          <Fact name="Retries">
            {schedule ? formatSchedule(schedule) : '–'}
            {subscription.retrySchedule === null && <p className="field-hint">customer default</p>}
          </Fact>
          <Fact name="Rate limit">
            {subscription.rateLimitPerSecond === null ? 'None' : `${subscription.rateLimitPerSecond} per second`}
          </Fact>
          <Fact name="Headers">
            {headers.length === 0 ? (
              <span className="muted">None</span>
            ) : (
              headers.map(([name, value]) => (
                <div key={name}>
                  <code>
                    {name}: {value}
                  </code>
                </div>
              ))
            )}
          </Fact>
          <Fact name="Encrypted bodies">
            {subscription.encryption ? (
              [subscription.encryption.algorithm, subscription.encryption.publicKey.kid].filter(Boolean).join(', ')
            ) : (
              <span className="muted">No</span>
            )}
          </Fact>
          <Fact name="TLS">{tlsSummary(subscription.tls)}</Fact>
          <Fact name="Authentication">
            {subscription.auth.type === 'none' ? (
              <span className="muted">None</span>
            ) : (
              AUTH_TITLES[subscription.auth.type]
            )}
          </Fact>
        </Facts>
      </div>
    </Card>
  );
}
