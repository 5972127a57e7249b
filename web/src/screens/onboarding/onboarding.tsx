import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Check, Circle } from 'lucide-react';
import type { ReactNode } from 'react';
import { at } from '../../api/client';
import { useChoices, useRead } from '../../api/queries';
import type { Customer, EventType, Product, Subscription } from '../../api/types';
import { useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { ChooseCustomer } from './choose-customer';
import { ChooseEndpoint } from './choose-endpoint';
import { ChooseProduct } from './choose-product';
import { HandOver } from './hand-over';
import styles from './onboarding.module.css';
import { TypesStep } from './types-step';
import { UrlStep } from './url-step';
import { VerifyStep } from './verify-step';

/**
 * Leads from a product to its first delivered notification. The choices are kept in the address
 * bar, so that the user can stop and continue later.
 */
export function Onboarding() {
  const { values, set } = useFilters('product', 'customer', 'endpoint');
  const product = useChosen<Product>(values.product && at`/v1/products/${values.product}`);
  const customer = useChosen<Customer>(values.customer && at`/v1/customers/${values.customer}`);
  const endpoint = useChosen<Subscription>(values.endpoint && at`/v1/subscriptions/${values.endpoint}`);
  const types = useChoices<EventType>(
    '/v1/event-types',
    { productId: values.product, archived: 'false' },
    values.product !== '',
  );
  const ready = product?.enabled === true && types.length > 0;
  return (
    <>
      <PageHead
        title={t`Onboarding`}
        sub={t`Set up a product, a customer and an endpoint, and deliver a first notification.`}
      />
      <ol className={styles.steps}>
        <Step number={1} title={t`Product`} done={product?.enabled === true}>
          <ChooseProduct product={product} onChoose={(id) => set({ product: id, customer: '', endpoint: '' })} />
        </Step>
        <Step number={2} title={t`Event types`} done={types.length > 0} locked={!product}>
          {product && <TypesStep product={product} types={types} />}
        </Step>
        <Step number={3} title={t`Customer`} done={Boolean(customer)} locked={!ready}>
          {product && (
            <ChooseCustomer
              product={product}
              customer={customer}
              onChoose={(id) => set({ customer: id, endpoint: '' })}
            />
          )}
        </Step>
        <Step number={4} title={t`Endpoint`} done={Boolean(endpoint)} locked={!customer}>
          {product && customer && (
            <ChooseEndpoint
              key={customer.id}
              product={product}
              customer={customer}
              types={types}
              endpoint={endpoint}
              onChoose={(id) => set({ endpoint: id })}
            />
          )}
        </Step>
        <Step
          number={5}
          title={t`URL approval`}
          done={endpoint !== undefined && endpoint.status !== 'awaiting-approval'}
          locked={!endpoint}
        >
          {endpoint && <UrlStep key={endpoint.id} endpoint={endpoint} />}
        </Step>
        <Step
          number={6}
          title={t`Challenge and test`}
          done={endpoint?.verification.status === 'verified'}
          locked={!endpoint}
        >
          {endpoint && <VerifyStep key={endpoint.id} endpoint={endpoint} />}
        </Step>
        <Step number={7} title={t`Hand-over`} done={false} locked={values.endpoint === ''}>
          {/* Stays while another endpoint loads: the sheet is about all of them, and holds their links. */}
          {values.endpoint !== '' && product && customer && (
            <HandOver key={customer.id} customer={customer} product={product} types={types} />
          )}
        </Step>
      </ol>
    </>
  );
}

/** Reads the chosen resource. Undefined while nothing is chosen, and while loading. */
function useChosen<T>(path: string): T | undefined {
  const { data } = useRead<T>(path, {}, { enabled: path !== '', retry: false, placeholderData: undefined });
  return path === '' ? undefined : data;
}

function Step({
  number,
  title,
  done,
  locked = false,
  children,
}: {
  number: number;
  title: string;
  done: boolean;
  locked?: boolean;
  children: ReactNode;
}) {
  return (
    <li className={locked ? `${styles.step} ${styles.locked}` : styles.step}>
      <span className={done ? `${styles.mark} ${styles.done}` : styles.mark}>
        {done ? <Check size={16} aria-hidden /> : <Circle size={10} aria-hidden />}
        <span className="sr-only">{done ? t`Done` : t`To do`}</span>
      </span>
      <div className="grow">
        <Card title={`${number}. ${title}`}>
          {locked ? (
            <p className="muted">
              <Trans>Complete the previous step first.</Trans>
            </p>
          ) : (
            children
          )}
        </Card>
      </div>
    </li>
  );
}
