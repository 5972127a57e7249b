import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Rocket } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'react-router';
import { usePermissions } from '../../api/session';
import type { Deploy } from '../../api/types';
import { Time } from '../../ui/time';
import { exactTime, useZone } from '../../ui/zone';
import { EndpointName } from '../shared/endpoint-name';
import styles from './deploys.module.css';

const DeleteDeploy = lazy(() => import('./delete-deploy'));

const SHOWN = 5;

/** The deploys of a chart as a list below it. Absent if there are none. */
export function DeployList({ deploys, ...endpoint }: { deploys: readonly Deploy[]; subscriptionId?: string }) {
  const [all, setAll] = useState(false);
  useZone();
  if (deploys.length === 0) return null;
  const hidden = deploys.length - SHOWN;
  return (
    <div className={styles.list}>
      <ul aria-label={t`Deploys`}>
        {(all ? deploys : deploys.slice(0, SHOWN)).map((deploy) => (
          <DeployRow key={deploy.id} deploy={deploy} {...endpoint} />
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" className="link-button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t`Show fewer deploys` : plural(hidden, { one: 'Show # more deploy', other: 'Show # more deploys' })}
        </button>
      )}
    </div>
  );
}

function DeployRow({ deploy, subscriptionId }: { deploy: Deploy; subscriptionId?: string }) {
  const can = usePermissions();
  const { version, description, at } = deploy;
  return (
    <li>
      <Rocket size={14} aria-hidden />
      <span className={styles.text}>
        <strong className="wrap-anywhere">{version}</strong>
        <span className="muted">
          <Time at={at} /> · {exactTime(at)}
        </span>
        <DeployOwner deploy={deploy} subscriptionId={subscriptionId} />
        {description !== '' && <span className="muted wrap-anywhere">{description}</span>}
        <DeployLink deploy={deploy} />
      </span>
      {can.manageEndpoints && (
        <Suspense>
          <DeleteDeploy deploy={deploy} />
        </Suspense>
      )}
    </li>
  );
}

/** The link that the deploy has, if any. */
export function DeployLink({ deploy: { url } }: { deploy: Deploy }) {
  if (url === null) return null;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <Trans>Details</Trans>
    </a>
  );
}

/** The endpoint, customer or product that a deploy concerns. */
function DeployOwner({ deploy, subscriptionId: here }: { deploy: Deploy; subscriptionId?: string }) {
  const { isCustomer } = usePermissions();
  const { subscriptionId, customerId, productId } = deploy;
  if (subscriptionId !== null)
    return subscriptionId === here ? (
      <span className="muted">
        <Trans>this endpoint</Trans>
      </span>
    ) : (
      <EndpointName id={subscriptionId} />
    );
  if (isCustomer) return null;
  if (customerId === null)
    return (
      <span className="muted">
        <Trans>product {productId}</Trans>
      </span>
    );
  return <Link to={`/customers/${encodeURIComponent(customerId)}`}>{customerId}</Link>;
}
