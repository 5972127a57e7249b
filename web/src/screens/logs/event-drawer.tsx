import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { at } from '../../api/client';
import { formatJson } from '../../api/exact-json';
import { useRead } from '../../api/queries';
import type { SignpostEvent } from '../../api/types';
import { CodeBlock, Id } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import type { Neighbours } from '../../ui/neighbours';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { ExactTime } from '../../ui/time';
import { WhoGotIt } from './who-got-it';
import { CustomerName } from '../shared/customer-name';

/** An event and its notifications. @param id - null: closed */
export function EventDrawer({
  id,
  onClose,
  neighbours,
}: {
  id: string | null;
  onClose(): void;
  neighbours?: Neighbours;
}) {
  const type = useRead<SignpostEvent>(at`/v1/events/${id ?? ''}`, {}, { enabled: id !== null }).data?.type;
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title={type ? t`Event: ${type}` : t`Event`}
      rowId={id}
      neighbours={neighbours}
    >
      {id && <Content key={id} id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const query = useRead<SignpostEvent>(at`/v1/events/${id}`);
  return (
    <Loaded query={query} subject={{ one: t`Event` }}>
      {(event) => (
        <div className="stack">
          <Facts>
            <Fact name={t`Type`}>
              <Link to={`/catalog/${encodeURIComponent(event.type)}`}>{event.type}</Link>
            </Fact>
            <Fact name={t`Customer`}>
              {event.customerId === null ? t`All customers of the product` : <CustomerName id={event.customerId} />}
            </Fact>
            <Fact name={t`Occurred`}>
              <ExactTime at={event.timestamp} />
            </Fact>
            <Fact name={t`Accepted`}>
              <ExactTime at={event.acceptedAt} />
            </Fact>
            {event.channels.length > 0 && <Fact name={t`Channels`}>{event.channels.join(', ')}</Fact>}
            <Fact name={t`ID`}>
              <Id id={event.id} />
            </Fact>
          </Facts>
          <WhoGotIt event={event} />
          <h3>
            <Trans>Data</Trans>
          </h3>
          {event.payloadExpired ? (
            <p className="muted">
              <Trans>The payload was removed because its retention is over.</Trans>
            </p>
          ) : event.payloadWithheld ? (
            <p className="muted">
              <Trans>What you receive is composed for each endpoint. Open a delivery to see it.</Trans>
            </p>
          ) : (
            <CodeBlock label={t`Data`} text={formatJson(event.data, 2)} />
          )}
          {event.user != null && (
            <>
              <h3>
                <Trans>User</Trans>
              </h3>
              <CodeBlock label={t`User`} text={formatJson(event.user, 2)} />
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}
