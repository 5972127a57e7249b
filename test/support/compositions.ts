import type { Composition, QueryStep } from '../../src/domain/composing';

/** A query on the data source `ledger`. */
export const queryStep = (sql: string, overrides: Partial<QueryStep> = {}): QueryStep => ({
  kind: 'query',
  dataSource: 'ledger',
  sql,
  arguments: [],
  ...overrides,
});

export const OWNER = { customer: 'c-1', subscription: 'sub_1' };

/** What an attempt composes from the queries of a definition. */
export function composition(...steps: QueryStep[]): Composition {
  return {
    event: {
      id: 'evt_1',
      type: 'ledgerpayment',
      timestamp: new Date().toISOString(),
      data: '{"paymentid":"18142","who":{"card":"4111-secret"}}',
      user: null,
      channels: [],
      chosenByCustomer: false,
    },
    customerId: 'c-1',
    definition: { steps, transform: null },
    transform: null,
    secret: () => 'my"Secret',
    owner: OWNER,
  };
}
