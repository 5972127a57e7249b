import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
  const parts = [tls?.clientCertificate && t`Client certificate`, tls?.caCertificate && t`Own certificate authority`];
  const given = parts.filter(Boolean).join(', ');
  return (
    given || (
      <span className="muted">
        <Trans>Default</Trans>
      </span>
    )
  );
}

export function HttpTab({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const customer = useCustomer(subscription.customerId);
  const schedule = subscription.retrySchedule ?? customer?.retrySchedule;
  const headers = Object.entries(subscription.headers);
  return (
    <Card
      title={t`HTTP settings`}
      actions={
        can.manageEndpoints && (
          <ButtonLink small icon={Pencil} to={`/endpoints/${subscription.id}/edit`}>
            <Trans>Edit</Trans>
          </ButtonLink>
        )
      }
    >
      <div className="stack">
        <Facts>
          <Fact name={t`URL`}>
            <span className="row-nowrap">
              <code>{subscription.url}</code>
              <CopyButton text={subscription.url} label={t`Copy URL`} />
            </span>
          </Fact>
        </Facts>
        <Facts>
          <Fact name={t`Method`}>{subscription.method}</Fact>
          <Fact name={t`Format`}>
            {FORMATS[subscription.format].title}
            <p className="field-hint">{FORMATS[subscription.format].about}</p>
          </Fact>
          <Fact name={t`Timeout`}>{formatDuration(subscription.timeoutSeconds)}</Fact>
          <Fact name={t`Retries`}>
            {schedule ? formatSchedule(schedule) : '–'}
            {subscription.retrySchedule === null && (
              <p className="field-hint">
                <Trans>customer default</Trans>
              </p>
            )}
          </Fact>
          <Fact name={t`Rate limit`}>
            {subscription.rateLimitPerSecond === null ? t`None` : t`${subscription.rateLimitPerSecond} per second`}
          </Fact>
          <Fact name={t`Headers`}>
            {headers.length === 0 ? (
              <span className="muted">
                <Trans>None</Trans>
              </span>
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
          <Fact name={t`Encrypted bodies`}>
            {subscription.encryption ? (
              [subscription.encryption.algorithm, subscription.encryption.publicKey.kid].filter(Boolean).join(', ')
            ) : (
              <span className="muted">
                <Trans>No</Trans>
              </span>
            )}
          </Fact>
          <Fact name={t`TLS`}>{tlsSummary(subscription.tls)}</Fact>
          <Fact name={t`Authentication`}>
            {subscription.auth.type === 'none' ? (
              <span className="muted">
                <Trans>None</Trans>
              </span>
            ) : (
              AUTH_TITLES[subscription.auth.type]
            )}
          </Fact>
        </Facts>
      </div>
    </Card>
  );
}
