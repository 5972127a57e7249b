/** Erasure of customers. */
import { mutationsOf } from '../mutation.mjs';

const TRACES = ['test/store/erasure/traces.test.ts'];
const REQUEST = ['test/api/erasures.test.ts', 'test/store/erasure/begin-erasure.test.ts'];
const WORKFLOW = ['test/workflows/erase-customer.test.ts'];

export default [
  ...mutationsOf('src/store/erasure/begin-erasure.ts', REQUEST, [
    [
      'ER1',
      'a product erases the customers of others',
      ' and ($2::text[] is null or product_id = any ($2)) for update',
      ' and ($2::text[] is null or true) for update',
    ],
    [
      'ER2',
      'concurrent requests begin two erasures',
      ' for update`,\n    values: [customerId, scope',
      '`,\n    values: [customerId, scope',
    ],
    [
      'ER3',
      'credentials of an erased customer work',
      'set revoked_at = coalesce(revoked_at, now())',
      'set revoked_at = revoked_at',
    ],
    ['ER4', 'portal links of an erased customer work', 'set expires_at = now()', 'set expires_at = expires_at'],
    ['ER5', 'a recovery goes on during the erasure', "set status = 'failed', finished_at", 'set finished_at'],
  ]),
  ...mutationsOf('src/store/catalog/customers.ts', REQUEST, [
    [
      'ER6',
      'a customer is found during the erasure',
      'where id = $1 and not erasing and ($2::text[] is null or product_id = any ($2) or',
      'where id = $1 and ($2::text[] is null or product_id = any ($2) or',
    ],
    [
      'ER7',
      'a customer is changed during the erasure',
      'where id = $1 and not erasing and ($2::text[] is null or product_id = any ($2)) for no key',
      'where id = $1 and ($2::text[] is null or product_id = any ($2)) for no key',
    ],
    ['ER8', 'a customer is listed during the erasure', 'where not erasing and (', 'where ('],
  ]),
  ...mutationsOf('src/store/notifications/accept-statement.ts', REQUEST, [
    ['ER9', 'events are accepted during the erasure', ' and not c.erasing and', ' and'],
  ]),
  ...mutationsOf('src/store/erasure/anonymise-audit.ts', TRACES, [
    [
      'ER10',
      'entries about the customer keep the id',
      '    (ON_CUSTOMER.test(action) && object === customerId);',
      '    false;',
    ],
    ['ER11', 'entries about objects of the same id are taken', 'ON_CUSTOMER.test(action) && object', 'object'],
    ['ER12', 'entries that name the customer in the detail stay', 'detail.customerId === customerId ||', 'false ||'],
    ['ER13', 'entries about notifications of others are taken', ' and customer_id = $2', ' and $2::text is not null'],
    ['ER14', 'what the customer had once is forgotten', 'if (isFound) for (const id of named) ids.add(id);', ''],
    ['ER15', 'the second page of the audit log stays', 'if (rows.length < PAGE) return;', 'return;'],
    [
      'ER16',
      'the actor is anonymous in every entry',
      'entries.map(({ actor_id: actor }) => known.ids.has(actor))',
      'entries.map(() => true)',
    ],
  ]),
  ...mutationsOf('src/store/erasure/erase-sealed.ts', TRACES, [
    ['ER17', 'responses to batches are deleted', `if (text.includes('"results":[')) return false;`, ''],
    ['ER18', 'responses to the customer stay', 'if (ids.has(row.principal_id)) return true;', ''],
    ['ER19', 'a response about a product of the same id is deleted', ` && text.includes('"retrySchedule"')`, ''],
    ['ER20', 'sessions of tokens stay', ' || isTokenOf(credential, known.ids)', ''],
  ]),
  ...mutationsOf('src/workflows/erase-customer.ts', WORKFLOW, [
    [
      'ER21',
      'an erasure does not wait between batches',
      '    if (waitSeconds > 0) await sleep(waitSeconds * 1000);\n',
      '',
    ],
    ['ER22', 'an erasure ends after many batches', '  await continueAsNew<typeof eraseCustomer>(input);\n', ''],
  ]),
];
