import { Link } from 'react-router';
import { usePermissions } from '../../api/session';
import { useCustomer } from './use-customer';

/**
 * A customer's name, linked to its page; the ID while the name is unknown. For details of one
 * thing: a list would read each customer.
 */
export function CustomerName({ id }: { id: string }) {
  const { isCustomer } = usePermissions();
  const name = useCustomer(id)?.name ?? id;
  if (isCustomer) return <>{name}</>;
  return (
    <Link to={`/customers/${encodeURIComponent(id)}`} title={id}>
      {name}
    </Link>
  );
}
