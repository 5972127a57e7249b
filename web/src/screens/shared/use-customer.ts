import { useRead } from '../../api/queries';
import type { Customer } from '../../api/types';

/** Reads a customer. Undefined while `id` is empty. */
export function useCustomer(id: string): Customer | undefined {
  return useCustomerQuery(id).data;
}

/** Like `useCustomer`, and shows whether the customer is still loading. */
export function useCustomerQuery(id: string) {
  return useRead<Customer>(
    `/v1/customers/${encodeURIComponent(id)}`,
    {},
    { enabled: id !== '', retry: false, placeholderData: undefined },
  );
}
