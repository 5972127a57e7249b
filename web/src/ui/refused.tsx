import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { SearchX } from 'lucide-react';
import { useSearchParams } from 'react-router';
import { ProblemError, type FieldError } from '../api/problem';
import { Button } from './button';

/** Of the filters in the address, by the API's parameter. */
const NAMES: Record<string, string> = {
  q: t`Search`,
  status: t`Status`,
  type: t`Event type`,
  eventType: t`Event type`,
  customerId: t`Customer`,
  subscriptionId: t`Endpoint`,
  productId: t`Product`,
  segment: t`Segment`,
  since: t`From`,
  until: t`Until`,
  finishedSince: t`Finished since`,
  recoveryId: t`Recovery`,
  actor: t`Credential ID`,
  object: t`Object ID`,
  action: t`Action`,
  window: t`Period`,
  sort: t`Sort by`,
  of: t`Sessions of`,
  archived: t`Archived`,
};
/** What else an address says: the tab, and what is open. */
const NO_FILTERS = ['tab', 'open', 'event', 'request', 'entry'];
const IN_QUERY = 'query/';

/** The errors of the filters, if the API refused the request for them. */
export const refusedFilters = (error: unknown): FieldError[] =>
  error instanceof ProblemError ? error.errors.filter(({ path }) => path.startsWith(IN_QUERY)) : [];

function Refused({ name, message }: { name: string; message: string }) {
  const value = useSearchParams()[0].get(name) ?? '';
  const filter = NAMES[name] ?? name;
  return (
    <p className="muted wrap-anywhere">{value ? t`${filter} “${value}”: ${message}` : t`${filter}: ${message}`}</p>
  );
}

/**
 * An error state: a filter in the address has a value that is not valid. Trying again does not
 * help.
 */
export function RefusedFilters({ errors }: { errors: FieldError[] }) {
  const [params, setParams] = useSearchParams();
  const clear = () => setParams([...params].filter(([name]) => NO_FILTERS.includes(name)));
  return (
    <div className="empty" role="alert">
      <SearchX size={28} aria-hidden />
      <p className="empty-title">
        {plural(errors.length, { one: 'A filter is not valid', other: '# filters are not valid' })}
      </p>
      {errors.map(({ path, message }) => (
        <Refused key={path} name={path.slice(IN_QUERY.length)} message={message} />
      ))}
      <Button onClick={clear}>
        <Trans>Clear filters</Trans>
      </Button>
    </div>
  );
}
