import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Check, CheckCheck, X } from 'lucide-react';
import { Link } from 'react-router';
import { api, at } from '../../api/client';
import { useAction, useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { AllowlistEntry, Page } from '../../api/types';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Card } from '../../ui/page';
import { Time } from '../../ui/time';
import styles from './requests.module.css';

/** Waiting endpoints that are shown by name. */
const NAMED = 3;

/** Requested URL patterns, which an admin approves or rejects. */
export function Requests() {
  const { administer } = usePermissions();
  const requests =
    useRead<Page<AllowlistEntry>>('/v1/url-allowlist', { status: 'requested', limit: 50 }).data?.items ?? [];
  const decide = useAction(
    ({ id, status }: { id: string; status: 'approved' | 'rejected' }) =>
      api.patch(at`/v1/url-allowlist/${id}`, { status }),
    {
      done: (_, { status }) =>
        status === 'approved' ? t`URL approved. Held notifications are being sent.` : t`URL rejected`,
    },
  );
  const approveAll = useAction(
    async () => {
      for (const { id } of requests) await api.patch(at`/v1/url-allowlist/${id}`, { status: 'approved' });
    },
    { done: t`URLs approved. Held notifications are being sent.` },
  );
  if (requests.length === 0) return null;
  return (
    <Card
      title={administer ? t`Requests to review` : t`Waiting for an admin`}
      actions={
        administer &&
        requests.length > 1 && (
          <Confirm
            trigger={
              <Button small icon={CheckCheck}>
                <Trans>Approve all {requests.length}</Trans>
              </Button>
            }
            title={t`Approve ${requests.length} URL patterns?`}
            action={t`Approve all`}
            danger={requests.some(isBroad)}
            onConfirm={() => approveAll.mutateAsync()}
          >
            <ul className="bullets">
              {requests.map(({ id, pattern, customerId }) => (
                <li key={id} className="wrap-anywhere">
                  <Trans>
                    <code>{pattern}</code> for {customerId === null ? t`every customer` : customerId}
                  </Trans>
                </li>
              ))}
            </ul>
          </Confirm>
        )
      }
    >
      <ul className="stack">
        {requests.map((entry) => {
          const { id, pattern, customerId, productId, createdAt } = entry;
          return (
            <li key={id} className="row spread">
              <div className={styles.request}>
                <code className="wrap-anywhere">{pattern}</code>
                <div className="muted">
                  {requestText(entry)}, <Time at={createdAt} />
                </div>
                <Waiting entry={entry} />
              </div>
              {administer && (
                <div className="row">
                  {isBroad(entry) ? (
                    <Confirm
                      trigger={
                        <Button variant="primary" small icon={Check}>
                          <Trans>Approve…</Trans>
                        </Button>
                      }
                      title={t`Approve this pattern?`}
                      action={t`Approve pattern`}
                      onConfirm={() => decide.mutateAsync({ id, status: 'approved' })}
                    >
                      <p className="wrap-anywhere">
                        <code>{pattern}</code>
                      </p>
                      <p>
                        {pattern.includes('*') && <Trans>It matches more than one host.</Trans>}{' '}
                        {customerId === null &&
                          (productId
                            ? t`It allows the URL for every customer of ${productId}.`
                            : t`It allows the URL for every customer.`)}
                      </p>
                      <Waiting entry={entry} />
                    </Confirm>
                  ) : (
                    <Button
                      variant="primary"
                      small
                      icon={Check}
                      busy={decide.isPending}
                      onClick={() => decide.mutate({ id, status: 'approved' })}
                    >
                      <Trans>Approve</Trans>
                    </Button>
                  )}
                  <Button
                    small
                    icon={X}
                    disabled={decide.isPending}
                    onClick={() => decide.mutate({ id, status: 'rejected' })}
                  >
                    <Trans>Reject</Trans>
                  </Button>
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function requestText({ requestedBy, productId, customerId }: AllowlistEntry): string {
  const by = requestedBy ?? productId ?? '';
  if (productId && customerId) return t`Requested by ${by} for product ${productId} for customer ${customerId}`;
  if (productId) return t`Requested by ${by} for product ${productId}`;
  return customerId ? t`Requested by ${by} for customer ${customerId}` : t`Requested by ${by}`;
}

/** Whether approving allows more than the URLs of one customer at one host. */
const isBroad = ({ pattern, customerId }: AllowlistEntry) => pattern.includes('*') || customerId === null;

/** The endpoints that start to receive when the entry is approved. */
function Waiting({ entry: { subscriptions, subscriptionCount } }: { entry: AllowlistEntry }) {
  if (subscriptionCount === 0) return null;
  return (
    <p className="muted">
      {plural(subscriptionCount, { one: '# endpoint waits:', other: '# endpoints wait:' })}{' '}
      {subscriptions.slice(0, NAMED).map(({ id, name, customerId }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Trans>
            <Link to={`/endpoints/${id}`}>{name}</Link> of {customerId}
          </Trans>
        </span>
      ))}
      {subscriptionCount > NAMED && (
        <>
          {' '}
          <Trans>and {subscriptionCount - NAMED} more</Trans>
        </>
      )}
    </p>
  );
}
